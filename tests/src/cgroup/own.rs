//! A cgroup for what the caller starts: it accounts all of it to the microsecond, ended threads and children too, and
//! tells what has to be ended.

use std::fs;
use std::path::{Path, PathBuf};

use super::v2_root;
use crate::caretaker::Caretaker;
use crate::process;

/// A cgroup below the root of the v2 tree. On drop, and also when this process is killed, the processes in it are killed
/// and it is removed.
#[derive(Debug)]
pub struct OwnCgroup {
    dir: PathBuf,
    /// Taken, and with it all else, on drop.
    caretaker: Option<Caretaker>,
}

impl OwnCgroup {
    /// Makes it; the name is followed by this process's id.
    #[track_caller]
    pub fn create(name: &str) -> Self {
        let dir = v2_root().join(format!("{name}-{}", std::process::id()));
        fs::create_dir(&dir).unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
        // not before: one of that name that was there is somebody else's
        let caretaker = Some(Caretaker::start(include_str!("own.sh"), [&dir]));
        Self { dir, caretaker }
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
        drop(self.caretaker.take());
        // a second panic would end the process before other guards have run
        assert!(
            std::thread::panicking() || !self.dir.exists(),
            "{} could not be removed; {:?} are in it",
            self.dir.display(),
            self.pids()
        );
    }
}
