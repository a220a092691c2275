//! What can go wrong in a call to Docker, told apart by what a caller can do about it.

use std::time::Duration;

use thiserror::Error;

/// A call to Docker that did not give what was asked for.
#[derive(Clone, Debug, Error)]
pub enum DockerError {
    /// Nobody answers at the address.
    #[error("Docker cannot be reached at {address}: {reason}")]
    Unreachable {
        /// The address, as configured.
        address: String,
        /// What the attempt said.
        reason: String,
    },
    /// No answer in time.
    #[error("Docker did not answer `{call}` within {} s", .deadline.as_secs_f32())]
    Timeout {
        /// What was asked.
        call: &'static str,
        /// How long it was waited for.
        deadline: Duration,
    },
    /// An answer that cannot be understood.
    #[error("Docker answered `{call}` with something that is not its API: {reason}")]
    Nonsense {
        /// What was asked.
        call: &'static str,
        /// What is wrong with the answer.
        reason: String,
    },
    /// Docker said no.
    #[error("Docker refused `{call}`: {message}")]
    Refused {
        /// What was asked.
        call: &'static str,
        /// The HTTP status of the refusal.
        status: u16,
        /// Docker's own words.
        message: String,
    },
}

impl DockerError {
    /// Whether Docker knows no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether the thing is in the way of the call: a name in use, a removal that is going on.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
    }

    /// Docker's own words, if it said no.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused { message, .. } => Some(message),
            _ => None,
        }
    }

    pub(super) fn from_bollard(call: &'static str, address: &str, error: &bollard::errors::Error) -> Self {
        use bollard::errors::Error;
        match error {
            Error::DockerResponseServerError { status_code, message } => Self::Refused {
                call,
                status: *status_code,
                message: message.clone(),
            },
            // The engine reports a failure inside a stream that began well.
            Error::DockerStreamError { error } => Self::Refused {
                call,
                status: 500,
                message: error.clone(),
            },
            Error::RequestTimeoutError => Self::Timeout {
                call,
                deadline: super::connect::CALL_DEADLINE,
            },
            Error::JsonDataError { message, .. } => Self::Nonsense {
                call,
                reason: message.clone(),
            },
            Error::JsonSerdeError { err } => Self::Nonsense {
                call,
                reason: err.to_string(),
            },
            Error::StrParseError { err } => Self::Nonsense {
                call,
                reason: err.to_string(),
            },
            other => Self::Unreachable {
                address: address.to_owned(),
                reason: root_cause(other),
            },
        }
    }
}

/// The innermost cause: the outer layers say only that a request failed.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
