//! A network namespace of the test's own.

use std::fs::File;
use std::os::fd::AsFd;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

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

    /// Its name, as `ip netns` and `ip link ... netns` take it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Moves the calling thread into it, for good: what it opens from now on is inside.
    #[track_caller]
    pub fn join_with_this_thread(&self) {
        let file = File::open(self.path()).expect("the namespace is there");
        let joined = move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network));
        joined.unwrap_or_else(|error| panic!("cannot join {}: {error}", self.name));
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
