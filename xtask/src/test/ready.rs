//! Everything that integration tests with root need, built and found.

use std::{ffi::OsStr, path::PathBuf};

use anyhow::{Result, bail, ensure};

use crate::{
    artifacts::{self, Executable},
    command::{Command, find, is_root},
    tools,
};

/// Executables of tests, and what they are told by variables.
pub(super) struct Ready<'a> {
    pub(super) tests: Vec<Executable>,
    agent: PathBuf,
    workload: PathBuf,
    tools: PathBuf,
    variables: &'a [(&'a str, &'a OsStr)],
}

impl<'a> Ready<'a> {
    /// Builds them; an error if there is no such test.
    pub(super) fn make(wanted: impl Fn(&str) -> bool, variables: &'a [(&'a str, &'a OsStr)]) -> Result<Self> {
        if !is_root() && find("sudo").is_none() {
            bail!("the tests with Docker need root, and there is no sudo here: run them as root");
        }
        let agent = artifacts::agent()?;
        let workload = artifacts::workload()?;
        let mut tests = artifacts::integration_tests()?;
        tests.retain(|test| wanted(&test.target));
        ensure!(
            !tests.is_empty(),
            "the package agent-tests has no such integration test"
        );
        Ok(Self {
            tests,
            agent,
            workload,
            tools: tools::unpack()?,
            variables,
        })
    }

    /// The tests of one executable that plain `cargo test` leaves out, as far as `words` of libtest's choose them.
    pub(super) fn command(&self, test: &Executable, words: impl IntoIterator<Item = &'a str>) -> Command {
        let command = Command::new(&test.path)
            .env("BALANCER_AGENT_BIN", &self.agent)
            .env("BALANCER_TOOLS_ROOT", &self.tools)
            .env("BALANCER_WORKLOAD_BIN", &self.workload)
            .env("RUST_BACKTRACE", "1")
            .args(["--ignored", "--test-threads=1"])
            .args(words);
        let command = self
            .variables
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value));
        command.with_root()
    }
}
