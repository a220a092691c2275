//! A network namespace of the test's own.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::command;

/// A named network namespace with its loopback interface up. It does not go by itself: who makes it has a caretaker.
#[derive(Debug)]
pub struct NetworkNamespace {
    name: String,
}

impl NetworkNamespace {
    /// A name that no other has; [`Self::make`] makes it.
    pub(crate) fn unmade() -> Self {
        static NAMED: AtomicU32 = AtomicU32::new(0);
        let number = NAMED.fetch_add(1, Ordering::Relaxed);
        Self {
            name: format!("balancer-test-{}-{number}", process::id()),
        }
    }

    #[track_caller]
    pub(crate) fn make(&self) {
        command::run(&["ip", "netns", "add", &self.name]);
        self.run(&["ip", "link", "set", "lo", "up"]);
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
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

    fn path(&self) -> String {
        format!("/run/netns/{}", self.name)
    }
}
