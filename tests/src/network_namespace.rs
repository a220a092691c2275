//! A network namespace of the test's own.

use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, process};

use crate::command;

/// A named network namespace with its loopback interface up; deleted on drop.
#[derive(Debug)]
pub struct NetworkNamespace {
    name: String,
}

impl NetworkNamespace {
    /// Makes one.
    #[track_caller]
    pub fn create() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("balancer-test-{}-{number}", process::id());
        command::run(&["ip", "netns", "add", &name]);
        let namespace = Self { name };
        namespace.run(&["ip", "link", "set", "lo", "up"]);
        namespace
    }

    /// The words that run a program inside, in front of its own. `ip netns exec` would mount a fresh /sys,
    /// in which dockerd does not find its cgroups.
    pub fn enter(&self) -> [String; 2] {
        ["nsenter".to_owned(), format!("--net={}", self.path())]
    }

    /// Runs a program inside that must succeed, and gives its standard output.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> String {
        let mut all = self.enter().to_vec();
        all.extend(words.iter().map(|word| (*word).to_owned()));
        command::run(&all)
    }

    /// Runs a program inside and gives what it did.
    #[track_caller]
    pub fn attempt(&self, words: &[&str]) -> command::Done {
        let mut all = self.enter().to_vec();
        all.extend(words.iter().map(|word| (*word).to_owned()));
        command::attempt(&all)
    }

    /// By this number the kernel knows it.
    pub(crate) fn inode(&self) -> Option<u64> {
        fs::metadata(self.path()).ok().map(|namespace| namespace.ino())
    }

    fn path(&self) -> String {
        format!("/run/netns/{}", self.name)
    }
}

impl Drop for NetworkNamespace {
    fn drop(&mut self) {
        crate::docker::cleanup::quietly(&["ip", "netns", "del", &self.name]);
    }
}
