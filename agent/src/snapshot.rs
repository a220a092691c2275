//! What the API answers from: one immutable picture of the node, made once a tick.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use tokio::sync::watch;

use crate::{
    containers::{ContainerId, ContainerTable},
    history::Moment,
    node::{NodeSample, NodeUsage},
    rates::{Counters, Rates},
    usage::{Source, SourceHealth},
};

/// Ticks that may be left out before figures are old.
const MISSED_TICKS: u32 = 5;

/// The node and its containers at one tick.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Number of this snapshot; 0 before the first tick.
    pub seq: u64,
    /// When it was made.
    pub at: Moment,
    /// The containers as they were known then, those without figures too.
    pub table: Arc<ContainerTable>,
    /// The node's counters.
    pub node_counters: Option<NodeSample>,
    /// The node; `None` until two samples of it exist.
    pub node: Option<NodeUsage>,
    /// Containers that have figures.
    pub containers: HashMap<ContainerId, Published>,
    /// Ticks that were left out because the one before took too long.
    pub ticks_missed: u64,
    /// How the sources are.
    pub health: SourceHealth,
    /// Memory that points of the past take, in bytes.
    pub history_bytes: usize,
}

/// The latest snapshot. One makes them, the sampler; all others read, and may wait for the next.
#[derive(Debug)]
pub struct Snapshots {
    latest: ArcSwap<Snapshot>,
    seq: watch::Sender<u64>,
    published: Mutex<Instant>,
}

impl Default for Snapshots {
    fn default() -> Self {
        Self {
            latest: ArcSwap::default(),
            seq: watch::Sender::new(0),
            published: Mutex::new(Instant::now()),
        }
    }
}

impl Snapshots {
    /// The latest, for a moment.
    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.latest.load()
    }

    /// The latest, to be kept.
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.latest.load_full()
    }

    /// Makes this the latest, and wakes who waits for it.
    pub fn publish(&self, snapshot: Snapshot) {
        let seq = snapshot.seq;
        self.latest.store(Arc::new(snapshot));
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.seq.send_replace(seq);
    }

    /// For how long no new one has come, where that is longer than a sampler that is well takes.
    pub fn overdue(&self, interval: Duration) -> Option<Duration> {
        let published = *self.published.lock().unwrap_or_else(PoisonError::into_inner);
        Some(published.elapsed()).filter(|age| *age > interval * MISSED_TICKS)
    }

    /// Waits until the latest is another than `seq`. No one is made here: a caller sets the deadline.
    pub async fn other_than(&self, seq: u64) -> Arc<Snapshot> {
        let mut newest = self.seq.subscribe();
        // The sender is this one's own, so that there is no end to wait for.
        let _newer = newest.wait_for(|newest| *newest != seq).await;
        self.load_full()
    }

    /// Waits until there are figures of the node. Whoever starts at the agent's start waits two ticks.
    pub async fn first_figures(&self) {
        let mut seq = 0;
        while self.load().node.is_none() {
            seq = self.other_than(seq).await.seq;
        }
    }
}

/// What one container uses, and what became of it since the tick.
#[derive(Debug)]
pub struct Published {
    /// What it uses.
    pub usage: ContainerUsage,
    text: OnceLock<Bytes>,
    was_asked: AtomicBool,
}

impl Published {
    /// Nobody has asked for it yet.
    pub fn new(usage: ContainerUsage) -> Self {
        Self {
            usage,
            text: OnceLock::new(),
            was_asked: AtomicBool::new(false),
        }
    }

    /// The text of it, which `render` makes for the first who asks and nobody else: the figures do not change.
    pub fn text(&self, render: impl FnOnce(&ContainerUsage) -> Bytes) -> Bytes {
        self.text.get_or_init(|| render(self.asked())).clone()
    }

    /// The figures, for somebody who asks for them.
    pub fn asked(&self) -> &ContainerUsage {
        // a plain flag: a tick that sees it late reads memory a tick later
        self.was_asked.store(true, Ordering::Relaxed);
        &self.usage
    }

    /// Whether anybody has asked.
    pub fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed)
    }
}

/// What one container uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContainerUsage {
    /// Where CPU and network figures come from.
    pub source: Source,
    /// CPU and network over the last interval.
    pub rates: Rates,
    /// What the rates were made of: cumulative, as of `sampled_ns`.
    pub counters: Counters,
    /// What this run of it has used, as counters that go on when the source changes; without the detail.
    pub total: Counters,
    /// When it was sampled, in ns since 1970.
    pub sampled_ns: u64,
    /// Memory; `None` where it could not be read.
    pub memory: Option<MemoryUse>,
    /// When the run that this is about began, in ns since 1970.
    pub started_ns: Option<u64>,
}

impl ContainerUsage {
    /// Whether it may be told at `now_ns` (ns since 1970) of a container that started at `started_ns`: it is about
    /// that run and not the one before, and that run has lasted for an interval. One that began later than now tells that the clock
    /// was set back since, and has lasted for as long as nobody knows.
    pub fn is_ready(&self, started_ns: Option<u64>, interval_ns: u64, now_ns: u64) -> bool {
        self.started_ns == started_ns
            && started_ns
                .is_none_or(|started_ns| now_ns < started_ns || now_ns >= started_ns.saturating_add(interval_ns))
    }
}

/// Memory of one container, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// In use, less inactive file cache.
    pub used_bytes: u64,
    /// What is left for it; `None` where neither a limit nor the node tells.
    pub free_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sampler_that_hangs_is_overdue_after_its_patience_and_is_not_when_it_goes_on() {
        let snapshots = Snapshots::default();
        let interval = Duration::from_secs(1);
        let ago = |ms| {
            let then = Instant::now().checked_sub(Duration::from_millis(ms));
            *snapshots.published.lock().unwrap() = then.unwrap();
        };
        ago(4_900);
        assert_eq!(snapshots.overdue(interval), None);
        ago(5_100);
        assert!(snapshots.overdue(interval).is_some_and(|age| age > 5 * interval));
        assert_eq!(snapshots.overdue(2 * interval), None, "a slower one");
        snapshots.publish(Snapshot::default());
        assert_eq!(snapshots.overdue(interval), None);
    }
}
