//! A peer that was started, until it tells of all containers.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use agent_tests::cgroup::OwnCgroup;
use anyhow::{Context as _, Result, bail};

use super::Unpacked;

/// With 500 containers a peer may take minutes to its first figures.
const PATIENCE: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Starts a program of `unpacked` in a cgroup that accounts it; `flags` adds those that it takes.
pub(super) fn start(
    unpacked: &Unpacked,
    program: &Path,
    cgroup: &OwnCgroup,
    flags: impl FnOnce(&mut Command),
) -> Result<Child> {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL"])
        .args(cgroup.enter())
        .args(["env", &unpacked.library_path()])
        .arg(program);
    flags(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .with_context(|| format!("starting {}", program.display()))
}

/// Waits until the peer tells of so many containers: `look` gives how many it tells of, and what to keep of that.
pub(super) fn wait_until_it_tells<T>(containers: usize, mut look: impl FnMut() -> Result<(usize, T)>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok((told, kept)) if told >= containers => return Ok(kept),
            Ok((told, _)) if Instant::now() > deadline => {
                bail!(
                    "it tells of {told} of the {containers} containers after {} s",
                    PATIENCE.as_secs()
                );
            }
            Err(error) if Instant::now() > deadline => {
                bail!("it tells of no containers after {} s: {error:#}", PATIENCE.as_secs());
            }
            _ => thread::sleep(LOOK_EVERY),
        }
    }
}
