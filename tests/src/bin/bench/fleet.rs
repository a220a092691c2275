//! Containers in growing number, all of one engine: most sleep, some can be made busy.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use agent_tests::docker::PrivateDocker;
use agent_tests::process::{self, Signal};

/// Every fifth container.
const BUSY_SHARE: usize = 5;
/// Starting a container is mostly waiting, for the kernel's network side above all.
const STARTERS: usize = 4;
/// The longest that a workload runs.
const SECONDS: &str = "3600";
/// The bridge's own address in the namespace of a private engine.
const GATEWAY: &str = "172.17.0.1:9";

/// Running containers; they go with their engine.
pub(crate) struct Fleet<'docker> {
    docker: &'docker PrivateDocker,
    containers: Mutex<Vec<Member>>,
}

#[derive(Clone, Debug)]
struct Member {
    number: usize,
    id: String,
    /// Of a container that can be made busy.
    pid: Option<u32>,
}

impl<'docker> Fleet<'docker> {
    pub(crate) fn new(docker: &'docker PrivateDocker) -> Self {
        Self {
            docker,
            containers: Mutex::new(Vec::new()),
        }
    }

    /// Starts as many as are missing.
    pub(crate) fn grow_to(&self, count: usize) {
        let next = AtomicUsize::new(self.len());
        thread::scope(|scope| {
            for _ in 0..STARTERS {
                scope.spawn(|| {
                    while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|next| *next < count) {
                        let member = self.start(number);
                        self.members().push(member);
                    }
                });
            }
        });
        self.members().sort_by_key(|member| member.number);
    }

    pub(crate) fn len(&self) -> usize {
        self.members().len()
    }

    /// Ids in the order of their numbers.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.members().iter().map(|member| member.id.clone()).collect()
    }

    /// Wakes every fifth container until the guard is dropped.
    pub(crate) fn busy(&self) -> Busy {
        let pids: Vec<u32> = self.members().iter().filter_map(|member| member.pid).collect();
        for pid in &pids {
            process::signal(*pid, Signal::CONT);
        }
        Busy(pids)
    }

    fn start(&self, number: usize) -> Member {
        let name = format!("bench-{number}");
        if !number.is_multiple_of(BUSY_SHARE) {
            let id = self.docker.run(&name, &[], &["sleep", "--seconds", SECONDS]).id;
            return Member { number, id, pid: None };
        }
        let words = ["pulse", "--to", GATEWAY, "--seconds", SECONDS];
        let container = self.docker.run(&name, &[], &words);
        let pid = container.pid();
        process::signal(pid, Signal::STOP);
        Member {
            number,
            id: container.id,
            pid: Some(pid),
        }
    }

    fn members(&self) -> std::sync::MutexGuard<'_, Vec<Member>> {
        self.containers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// While it lives, containers are busy.
pub(crate) struct Busy(Vec<u32>);

impl Drop for Busy {
    fn drop(&mut self) {
        for pid in &self.0 {
            process::signal(*pid, Signal::STOP);
        }
    }
}
