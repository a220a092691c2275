//! What a container could not have, because other programs had it.

use std::time::Instant;

use crate::cgroup;
use crate::machine::busy_ticks_of;

/// CPU time of everything but one container on the CPUs that it may use, from the kernel's own accounts.
pub(super) struct OthersTime<'a> {
    id: &'a str,
    cpus: &'a [u32],
    start: Instant,
    others_ns: i128,
}

impl<'a> OthersTime<'a> {
    /// All that it may use are online.
    pub(super) fn start(id: &'a str, cpus: &'a [u32]) -> Self {
        Self {
            id,
            cpus,
            start: Instant::now(),
            others_ns: Self::others_ns(id, cpus),
        }
    }

    /// In percent of one CPU.
    pub(super) fn percent_until_now(&self) -> f64 {
        let ns = Self::others_ns(self.id, self.cpus) - self.others_ns;
        let elapsed_ns = i128::try_from(self.start.elapsed().as_nanos())
            .unwrap_or(i128::MAX)
            .max(1);
        // tenths of a percent are what a tick of 10 ms can tell
        f64::from(i32::try_from(ns * 1000 / elapsed_ns).unwrap_or(i32::MAX)) / 10.0
    }

    fn others_ns(id: &str, cpus: &[u32]) -> i128 {
        const TICK_NS: i128 = 10_000_000;
        let own = cgroup::kernel_cpu(id);
        let own_ns = own.cpu_stat_ns.or(own.cpuacct_ns).unwrap_or_default();
        let busy: u64 = cpus.iter().copied().map(busy_ticks_of).sum();
        i128::from(busy) * TICK_NS - i128::from(own_ns)
    }
}
