//! A cgroup for what the caller starts: it accounts all of it to the microsecond, ended threads and children too, and
//! tells what has to be ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::v2_root;
use crate::process::{self, Signal};
use crate::wait::wait_until;

const END_DEADLINE: Duration = Duration::from_secs(10);

/// A cgroup below the root of the v2 tree. On drop, the processes in it are killed and it is removed.
#[derive(Debug)]
pub struct OwnCgroup {
    dir: PathBuf,
}

impl OwnCgroup {
    /// Makes it; the name is followed by this process's id.
    #[track_caller]
    pub fn create(name: &str) -> Self {
        let dir = v2_root().join(format!("{name}-{}", std::process::id()));
        fs::create_dir(&dir).unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
        Self { dir }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The words that start a program in it, in front of its own; the process stays the same.
    pub fn enter(&self) -> [String; 4] {
        super::enter(&self.dir)
    }

    /// Its processes.
    pub fn pids(&self) -> Vec<u32> {
        process::in_cgroup(&self.dir)
    }

    /// CPU time of all that has run in it, in ns.
    #[track_caller]
    pub fn cpu_ns(&self) -> u64 {
        super::usage_ns(&self.dir).expect("every v2 cgroup has cpu.stat")
    }
}

impl Drop for OwnCgroup {
    fn drop(&mut self) {
        let removed = || {
            for pid in self.pids() {
                process::signal(pid, Signal::KILL);
            }
            fs::remove_dir(&self.dir).map_err(|error| format!("{}: {error}", self.dir.display()))
        };
        if std::thread::panicking() {
            // a second panic would end the process before other guards have run
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                wait_until("a cgroup to empty", END_DEADLINE, removed);
            }));
        } else {
            wait_until("a cgroup to empty", END_DEADLINE, removed);
        }
    }
}
