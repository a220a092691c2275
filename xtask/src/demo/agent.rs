//! The agent under demonstration: started, asked, and ended.

use std::{fs, net::TcpListener, path::Path, process::Child, time::Duration};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;

use super::{
    api::Api,
    docker_client::DockerClient,
    interrupt::{Interrupt, ends_within},
    say,
};
use crate::command::Command;

/// It answers after one interval, which is 60 s at most.
const START_PATIENCE: Duration = Duration::from_secs(90);
/// The agent itself gives requests 10 s to end.
const END_PATIENCE: Duration = Duration::from_secs(15);

/// A running agent on a free port of 127.0.0.1; ended on drop.
pub(super) struct Agent {
    child: Child,
    log: NamedTempFile,
    pub(super) api: Api,
}

impl Agent {
    /// Starts it and waits until it has figures of the node.
    pub(super) fn start(binary: &Path, docker: &DockerClient, interrupt: &Interrupt) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = super::temporary()
            .tempfile()
            .context("making a file for the agent's log")?;
        let child = Command::new(binary)
            .args(["--listen", &address, "--docker-url", docker.url()])
            .spawn(log.reopen().context("opening the agent's log")?)?;
        let mut agent = Self {
            child,
            log,
            api: Api::at(&address),
        };
        interrupt
            .wait_for("the agent's first figures", START_PATIENCE, || {
                agent.must_run()?;
                // Not listening yet, or in its first interval.
                Ok(agent.api.node().ok().flatten())
            })
            .with_context(|| format!("the agent did not come up; it said:\n{}", agent.last_words()))?;
        say::line(&format!("Agent on http://{address}"));
        Ok(agent)
    }

    /// An error with the end of its log once it has ended by itself.
    pub(super) fn must_run(&mut self) -> Result<()> {
        match self.child.try_wait().context("looking after the agent")? {
            None => Ok(()),
            Some(status) => bail!("the agent ended with {status}; it said:\n{}", self.last_words()),
        }
    }

    fn last_words(&self) -> String {
        let log = fs::read(self.log.path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // Not ended and not waited for, so the id is still its own.
            let pid = Pid::from_child(&self.child);
            if let Err(error) = kill_process(pid, Signal::TERM) {
                say::problem(&format!("could not send SIGTERM to the agent: {error}"));
            }
        }
        if !ends_within(END_PATIENCE, || !matches!(self.child.try_wait(), Ok(None))) {
            say::problem("the agent does not end on SIGTERM: killing it");
            // Where it has just ended, there is nothing to kill.
            let _ = self.child.kill();
        }
        match self.child.wait() {
            Ok(status) if status.success() => say::line("The agent has ended."),
            Ok(status) => say::problem(&format!("the agent ended with {status}")),
            Err(error) => say::problem(&format!("waiting for the agent: {error}")),
        }
    }
}

/// A port of 127.0.0.1 that nobody listens on now.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("looking for a free port on 127.0.0.1")?;
    Ok(listener
        .local_addr()
        .context("looking for a free port on 127.0.0.1")?
        .port())
}
