//! Why an order was not done, and the exit code that tells a script.

use hyper::StatusCode;
use serde::Deserialize;
use thiserror::Error;

use super::{connection::Failure, text};
use crate::config::AgentAddress;

/// Why there is no answer, or not the one that was wanted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The agent said no.
    #[error("{message}")]
    Refused {
        /// The status of its reply.
        status: u16,
        /// Its own words, one line of them.
        message: String,
    },
    /// What it says cannot be used.
    #[error("what the agent answers cannot be used: {0}")]
    Nonsense(String),
    /// There is no agent, or not in time.
    #[error("no agent answers at {address} ({reason})")]
    Unreachable {
        /// Who was asked.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// Something on this side of the connection.
    #[error("{0}")]
    Local(String),
    /// A file or a flag cannot be used: the line names the flag.
    #[error("{0}")]
    Usage(String),
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl ClientError {
    pub(super) fn of(failure: Failure, address: &AgentAddress) -> Self {
        let unreachable = |reason: String| Self::Unreachable {
            address: text::clean(&address.to_string()),
            reason: text::clean(&reason),
        };
        match failure {
            Failure::Unreachable(reason) => unreachable(reason),
            Failure::Late(deadline) => unreachable(format!("no answer within {} s", deadline.as_secs())),
            Failure::NotHttp => unreachable("what is there does not speak HTTP".to_owned()),
            Failure::Nonsense(reason) => Self::Nonsense(reason),
        }
    }

    pub(super) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let message = serde_json::from_slice::<Refusal>(body).map_or_else(
            |_| format!("the agent answers with status {status} and no reason"),
            |refusal| text::clean(&refusal.error),
        );
        Self::Refused {
            status: status.as_u16(),
            message,
        }
    }

    /// 1 the agent refused or failed, or this side did, 2 it cannot be reached, 64 a bad command line or file.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } | Self::Nonsense(_) | Self::Local(_) => 1,
            Self::Unreachable { .. } => 2,
            Self::Usage(_) => 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_the_agents_own_sentence_in_one_line() {
        for (body, said) in [
            (r#"{"error":"container not found"}"#, "container not found"),
            (r#"{"error":"a\nb\u001b[2J","field":"x"}"#, "a\\nb\\u{1b}[2J"),
            ("<html>", "the agent answers with status 404 Not Found and no reason"),
        ] {
            let error = ClientError::refused(StatusCode::NOT_FOUND, body.as_bytes());
            assert_eq!((error.to_string().as_str(), error.exit_code()), (said, 1));
        }
    }

    #[test]
    fn each_way_to_fail_has_an_exit_code_of_its_own() {
        let address: AgentAddress = "http://127.0.0.1:1".parse().unwrap();
        let late = Failure::Late(std::time::Duration::from_secs(10));
        for (failure, code, said) in [
            (
                Failure::Unreachable("refused".to_owned()),
                2,
                "no agent answers at http://127.0.0.1:1 (refused)",
            ),
            (
                late,
                2,
                "no agent answers at http://127.0.0.1:1 (no answer within 10 s)",
            ),
            (
                Failure::NotHttp,
                2,
                "no agent answers at http://127.0.0.1:1 (what is there does not speak HTTP)",
            ),
            (
                Failure::Nonsense("x".to_owned()),
                1,
                "what the agent answers cannot be used: x",
            ),
        ] {
            let error = ClientError::of(failure, &address);
            assert_eq!((error.to_string().as_str(), error.exit_code()), (said, code));
        }
        assert_eq!(ClientError::Usage(String::new()).exit_code(), 64);
    }
}
