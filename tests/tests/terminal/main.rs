//! The orders that ask an agent, as their users see them: exit codes and output of those that ask once, and `top` in a
//! real terminal. Against an agent whose figures stand still, so that what is on the screen is compared with what was said.
#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

mod orders;
mod real;
mod secured;
mod top;

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use agent_tests::binaries;

/// Longer than any deadline of the orders that are tried.
const DEADLINE: &str = "60";

/// How an order ended, and what it said.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs an order to its end, with these variables and no others.
#[track_caller]
fn order<S: AsRef<OsStr>>(words: &[S], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", DEADLINE])
        .arg(binaries::agent())
        .args(words);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    command.output().expect("the agent's binary can be started").into()
}
