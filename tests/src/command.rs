//! Programs of the machine, run to their end within a deadline.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Long enough for any of the small commands that the harness runs, on a loaded machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// Exit code of `timeout` for a program that it had to end.
const TIMED_OUT: i32 = 124;

/// What a program did.
#[derive(Debug)]
pub struct Done {
    /// It ended by itself with exit code 0.
    pub success: bool,
    /// It was ended because it took too long.
    pub ran_out_of_time: bool,
    /// What it wrote to standard output, without space at its ends.
    pub stdout: String,
    /// What it wrote to standard error, without space at its ends.
    pub stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            success: output.status.success(),
            ran_out_of_time: output.status.code() == Some(TIMED_OUT),
            stdout: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }
    }
}

/// A command that is killed when [`DEADLINE`] has passed.
fn bounded<S: AsRef<OsStr>>(words: &[S]) -> Command {
    let mut command = Command::new("timeout");
    command
        .arg("--kill-after=5")
        .arg(DEADLINE.as_secs().to_string())
        .args(words);
    command.stdin(Stdio::null());
    command
}

/// Runs a program and gives what it did, whether it failed or not.
#[track_caller]
pub fn attempt<S: AsRef<OsStr>>(words: &[S]) -> Done {
    let output = bounded(words).output();
    output
        .unwrap_or_else(|error| panic!("cannot run {}: {error}", line(words)))
        .into()
}

/// Runs a program that must succeed and gives its standard output.
#[track_caller]
pub fn run<S: AsRef<OsStr>>(words: &[S]) -> String {
    let done = attempt(words);
    assert!(done.success, "{} failed: {} {}", line(words), done.stdout, done.stderr);
    done.stdout
}

/// Where `cargo xtask test` has unpacked a program, for want of the right one on this machine; else where the shell would
/// find it.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let unpacked = std::env::var_os("BALANCER_TOOLS_ROOT").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    unpacked
        .into_iter()
        .flat_map(|root| ["usr/bin", "bin"].map(|dir| root.join(dir)))
        .chain(std::env::split_paths(&path))
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file())
}

fn line<S: AsRef<OsStr>>(words: &[S]) -> String {
    let words: Vec<_> = words.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    words.join(" ")
}
