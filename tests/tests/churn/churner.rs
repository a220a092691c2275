//! Containers that come, send a little and go.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use agent_tests::docker::PrivateDocker;

/// Made at one time: enough that both the engine and the machine always have work.
const LANES: u64 = 4;

/// Counts what came and went.
#[derive(Debug, Default)]
pub(crate) struct Churner {
    removed: AtomicU64,
    stop: AtomicBool,
}

impl Churner {
    /// Makes and removes containers as fast as it goes while `meanwhile` runs; returns how many.
    pub(crate) fn during(docker: &PrivateDocker, sink_address: &str, meanwhile: impl FnOnce(&Self)) -> u64 {
        let churner = Self::default();
        thread::scope(|scope| {
            // also when the caller panics: the scope waits for its threads
            let _stop = StopOnDrop(&churner.stop);
            for lane in 0..LANES {
                let churner = &churner;
                scope.spawn(move || churner.one_lane(docker, sink_address, lane));
            }
            meanwhile(&churner);
        });
        churner.removed()
    }

    /// How many have gone by now.
    pub(crate) fn removed(&self) -> u64 {
        self.removed.load(Ordering::Relaxed)
    }

    fn one_lane(&self, docker: &PrivateDocker, sink_address: &str, lane: u64) {
        let to = format!("{sink_address}:5202");
        let mut number = lane;
        while !self.stop.load(Ordering::Relaxed) {
            let name = format!("comes-and-goes-{number}");
            let words = ["udp-send", "--to", &to, "--count", "5", "--size", "72"];
            docker.run_to_end(&name, &[], &words);
            self.removed.fetch_add(1, Ordering::Relaxed);
            number += LANES;
        }
    }
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
