//! `docker stats`: what everybody has already.

use std::process::{Child, Command, Stdio};

use agent_tests::docker::PrivateDocker;
use anyhow::{Context as _, Result};

/// A client that streams the figures of all containers, once a second; the work is dockerd's and containerd's.
pub(crate) struct DockerStats(Child);

impl DockerStats {
    pub(crate) fn start(docker: &PrivateDocker) -> Result<Self> {
        let url = docker.url();
        let words = ["--pdeathsig", "KILL", "docker", "--host", &url, "stats"];
        let mut command = Command::new("setpriv");
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(Self(command.spawn().context("starting `docker stats`")?))
    }
}

impl Drop for DockerStats {
    fn drop(&mut self) {
        // one that has ended already needs neither
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
