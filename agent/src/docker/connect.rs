//! Where Docker is, and calling it with a deadline.

use std::{future::Future, sync::OnceLock, time::Duration};

use bollard::Docker;

use super::error::{DockerError, root_cause};
use crate::config::DockerAddress;

/// How long an ordinary call may take. Shorter than the 6 s within which callers of the agent get an answer.
pub(super) const CALL_DEADLINE: Duration = Duration::from_secs(4);
/// bollard's own limit on response headers. It counts whole seconds and must not be the one that strikes first.
const BOLLARD_TIMEOUT_S: u64 = 600;

/// A Docker Engine at an address. It need not be there yet.
#[derive(Debug)]
pub struct Engine {
    address: DockerAddress,
    client: OnceLock<Docker>,
}

impl Engine {
    /// No connection is made before the first call.
    pub fn new(address: DockerAddress) -> Self {
        Self {
            address,
            client: OnceLock::new(),
        }
    }

    /// Where it is.
    pub fn address(&self) -> &DockerAddress {
        &self.address
    }

    /// bollard's client. It opens a connection a request, so one made once goes on through restarts of the engine;
    /// but it cannot be made before the socket exists.
    pub(super) fn client(&self) -> Result<&Docker, DockerError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = match &self.address {
            DockerAddress::Unix(path) => {
                Docker::connect_with_unix(&path.to_string_lossy(), BOLLARD_TIMEOUT_S, bollard::API_DEFAULT_VERSION)
            }
            address @ DockerAddress::Tcp { .. } => Docker::connect_with_http(
                &address.to_string().replacen("tcp:", "http:", 1),
                BOLLARD_TIMEOUT_S,
                bollard::API_DEFAULT_VERSION,
            ),
        };
        let client = made.map_err(|error| self.unreachable(root_cause(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }

    pub(super) fn unreachable(&self, reason: impl Into<String>) -> DockerError {
        DockerError::Unreachable {
            address: self.address.to_string(),
            reason: reason.into(),
        }
    }

    /// The error of a stream that ended though nobody ended it.
    pub fn gone(&self, reason: &str) -> DockerError {
        self.unreachable(reason)
    }

    /// Turns bollard's error into one of ours.
    pub(super) fn failed(&self, call: &'static str) -> impl Fn(bollard::errors::Error) -> DockerError + use<'_> {
        move |error| DockerError::from_bollard(call, &self.address.to_string(), &error)
    }

    /// Asks whether Docker answers at all.
    pub async fn ping(&self, deadline: Duration) -> Result<(), DockerError> {
        let client = self.client()?;
        within("ping", deadline, async {
            client.ping().await.map_err(self.failed("ping"))
        })
        .await?;
        Ok(())
    }
}

/// Runs a call that has `deadline` to finish.
pub(super) async fn within<T>(
    call: &'static str,
    deadline: Duration,
    work: impl Future<Output = Result<T, DockerError>>,
) -> Result<T, DockerError> {
    tokio::time::timeout(deadline, work)
        .await
        .unwrap_or(Err(DockerError::Timeout { call, deadline }))
}
