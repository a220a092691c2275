//! The Docker engine of the demo: the one that is there, else a private one.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{docker_client::DockerClient, interrupt::Interrupt, private_engine::PrivateEngine, say};
use crate::docker;

/// An engine that answers. One that the demo started ends when this is dropped.
pub(super) struct Engine {
    docker: DockerClient,
    _private: Option<PrivateEngine>,
}

impl Engine {
    /// The engine behind `socket`, or a private one where nothing listens there.
    pub(super) fn get(socket: &Path, interrupt: &Interrupt) -> Result<Self> {
        let (docker, private) = match docker::connect(socket) {
            Ok(()) => (DockerClient::new(url(socket)), None),
            Err(error) => {
                say::line(&format!(
                    "No Docker engine answers on {} ({error}): starting a private one.",
                    socket.display()
                ));
                let private = PrivateEngine::start(interrupt)?;
                (private.docker().clone(), Some(private))
            }
        };
        let version = docker.version().with_context(|| {
            format!(
                "what listens on {url} does not answer `docker version`: see why with `docker --host {url} version`, \
                 or name another socket with --docker-url",
                url = docker.url()
            )
        })?;
        say::line(&format!("Docker engine {version} on {}", docker.url()));
        Ok(Self {
            docker,
            _private: private,
        })
    }

    pub(super) fn docker(&self) -> &DockerClient {
        &self.docker
    }
}

fn url(socket: &Path) -> String {
    format!("unix://{}", socket.display())
}
