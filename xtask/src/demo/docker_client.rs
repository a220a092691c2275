//! The `docker` command on one engine. Each call has a deadline.

use std::time::Duration;

use anyhow::Result;

use super::say;
use crate::command::Command;

/// Making or removing a container takes a second or two, on a busy machine more.
const DEADLINE: Duration = Duration::from_mins(1);

/// An engine's address, for the command and for the agent.
#[derive(Clone, Debug)]
pub(super) struct DockerClient {
    url: String,
}

impl DockerClient {
    pub(super) fn new(url: String) -> Self {
        Self { url }
    }

    /// `unix:///PATH`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Runs `docker WORDS` and gives what it prints, without blanks around it.
    pub(super) fn call(&self, words: &[&str]) -> Result<String> {
        let command = self.command(words);
        say::running(&command);
        Ok(command.output()?.trim().to_owned())
    }

    /// The engine's version; `None` where what listens there does not answer as an engine does.
    pub(super) fn version(&self) -> Option<String> {
        let answer = self.command(&["version", "--format", "{{.Server.Version}}"]).ask()?;
        Some(answer.trim().to_owned())
    }

    /// What `docker stats` shows a container to have received and sent, such as `1.2kB / 0B`.
    pub(super) fn network_bytes(&self, id: &str) -> Option<String> {
        let answer = self
            .command(&["stats", "--no-stream", "--format", "{{.NetIO}}", id])
            .ask()?;
        Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
    }

    fn command(&self, words: &[&str]) -> Command {
        Command::new("docker")
            .args(["--host", &self.url])
            .args(words)
            .within(DEADLINE)
    }
}
