//! The tick: reads the sources and the node, and makes one snapshot of it all.
//!
//! The schedule is absolute, so that a late tick does not delay the next one; rates use the time that really passed.
//! A tick reads files and maps and therefore runs where blocking is allowed, never two at once.

mod memory;
mod points;
mod totals;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{
    cgroup::Mounts,
    clock::{MonotonicClock, wall_ns},
    containers::{Container, Containers},
    events::{Event, EventLog},
    history::{History, Moment},
    memory::{MemoryReading, free_memory_bytes},
    node::{Node, NodeSample, NodeUsage, usage as node_usage},
    rates,
    snapshot::{ContainerUsage, MemoryUse, Published, Snapshot, Snapshots},
    usage::{Reading, UsageSources},
};
use memory::MemorySampler;
use totals::Totals;

/// Everything that a tick reads.
#[derive(Debug)]
pub struct Sampler {
    interval: Duration,
    sources: UsageSources,
    containers: Containers,
    node: Node,
    node_before: Option<(NodeSample, Instant)>,
    memory: MemorySampler,
    totals: Totals,
    told_to: Told,
    clock: MonotonicClock,
    seq: u64,
    ticks_missed: u64,
    told: HashSet<String>,
}

/// Where a tick is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The present.
    pub snapshots: Arc<Snapshots>,
    /// The past.
    pub history: Arc<History>,
    /// For those who wait.
    pub events: Arc<EventLog>,
}

impl Sampler {
    /// A sampler that has not ticked yet.
    pub fn new(
        interval: Duration,
        sources: UsageSources,
        containers: Containers,
        node: Node,
        mounts: Mounts,
        told_to: Told,
    ) -> Self {
        Self {
            interval,
            sources,
            containers,
            node,
            node_before: None,
            memory: MemorySampler::new(mounts),
            totals: Totals::default(),
            told_to,
            clock: MonotonicClock::start(),
            seq: 0,
            ticks_missed: 0,
            told: HashSet::new(),
        }
    }

    /// Ticks until the agent stops. Dropping the sampler at the end detaches the kernel programs.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut schedule = tokio::time::interval(self.interval);
        schedule.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut last: Option<tokio::time::Instant> = None;
        loop {
            let scheduled = tokio::select! {
                () = stop.cancelled() => return,
                scheduled = schedule.tick() => scheduled,
            };
            self.ticks_missed += missed(last.map(|last| scheduled.duration_since(last)), self.interval);
            last = Some(scheduled);
            let ticked = tokio::task::spawn_blocking(move || {
                self.tick();
                self
            });
            match ticked.await {
                Ok(sampler) => self = sampler,
                Err(error) => {
                    // A panic in a tick is a defect that nothing here can mend: the agent must end and be seen to.
                    tracing::error!("the sampler broke: {error}");
                    return;
                }
            }
        }
    }

    fn tick(&mut self) {
        let table = self.containers.table();
        let at = Moment {
            at_ns: self.clock.ns_at(Instant::now()),
            wall_ns: wall_ns(),
        };
        let readings = self.sources.read(&table);
        let node = self.node_usage();
        let last = self.told_to.snapshots.load_full();
        self.memory.start_tick(&table);
        self.totals.keep_running(&table);
        let mut containers = HashMap::with_capacity(readings.len());
        for (id, reading) in readings {
            let Some(container) = table.by_id.get(&id) else {
                continue;
            };
            if last.containers.get(&id).is_some_and(Published::was_asked) {
                self.memory.note_asked(id);
            }
            if let Some(usage) = self.container_usage(container, &reading, node.as_ref()) {
                containers.insert(id, Published::new(usage));
            }
        }
        self.seq += 1;
        self.tell(Snapshot {
            seq: self.seq,
            at,
            node,
            node_counters: self.node_before.as_ref().map(|(sample, _)| sample.clone()),
            containers,
            table,
            ticks_missed: self.ticks_missed,
            health: self.sources.health(),
            history_bytes: 0,
        });
    }

    /// The past first, so that whoever is woken by the event finds it.
    fn tell(&self, mut snapshot: Snapshot) {
        let Told {
            snapshots,
            history,
            events,
        } = &self.told_to;
        let node = snapshot.node.as_ref().map(points::of_node).unwrap_or_default();
        let containers = snapshot.containers.iter();
        let containers = containers.map(|(id, published)| (*id, points::of_container(&published.usage)));
        history.add(snapshot.at, node, containers);
        history.forget(&snapshot.table);
        snapshot.history_bytes = history.bytes();
        let event = Event::Snapshot {
            seq: snapshot.seq,
            sampled_at_ms: snapshot.at.wall_ns / 1_000_000,
            containers: snapshot.containers.len(),
        };
        snapshots.publish(snapshot);
        events.push(&event);
    }

    fn node_usage(&mut self) -> Option<NodeUsage> {
        let (sample, errors) = self.node.sample();
        let now = Instant::now();
        for error in errors {
            self.tell_once(format!("{error}; what it tells is left out"));
        }
        let before = self.node_before.replace((sample, now));
        let (sample, _) = self.node_before.as_ref()?;
        let (before, at) = before?;
        Some(node_usage(&before, sample, now - at))
    }

    fn container_usage(
        &mut self,
        container: &Container,
        reading: &Reading,
        node: Option<&NodeUsage>,
    ) -> Option<ContainerUsage> {
        let memory = match reading.memory {
            Some(told) => Some(MemoryReading {
                used_bytes: told.used_bytes,
                limit_bytes: told.limit_bytes,
            }),
            None => match self.memory.reading(container, reading.now.counters.cpu_ns) {
                Ok(memory) => memory,
                Err(error) => {
                    self.tell_once(format!("memory of container {} is not shown: {error}", container.id));
                    None
                }
            },
        };
        let used = self.totals.with(container, reading);
        let rates = rates::between(&reading.before?, &reading.now)?;
        let bytes = |kib: Option<u64>| kib.map(|kib| kib * 1024);
        let available = bytes(node.and_then(|node| node.free_memory_kib));
        let total = bytes(node.and_then(|node| node.memory_kib));
        Some(ContainerUsage {
            source: reading.source,
            rates,
            counters: reading.now.counters,
            total: used,
            sampled_ns: reading.now.wall_ns,
            memory: memory.map(|memory| MemoryUse {
                used_bytes: memory.used_bytes,
                free_bytes: free_memory_bytes(memory, available, total),
            }),
            started_ns: container.started_ns,
        })
    }

    fn tell_once(&mut self, what: String) {
        const MOST: usize = 1000;
        if self.told.len() < MOST && !self.told.contains(&what) {
            tracing::warn!("{what}");
            self.told.insert(what);
        }
    }
}

/// Ticks that were left out between two that were not.
fn missed(since_last: Option<Duration>, interval: Duration) -> u64 {
    let Some(since_last) = since_last else { return 0 };
    let intervals = (since_last.as_nanos() + interval.as_nanos() / 2) / interval.as_nanos().max(1);
    u64::try_from(intervals).unwrap_or(u64::MAX).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_left_out_are_counted() {
        let second = Duration::from_secs(1);
        for (since_ms, expected) in [(1000, 0), (1004, 0), (996, 0), (2000, 1), (2003, 1), (5000, 4)] {
            assert_eq!(
                missed(Some(Duration::from_millis(since_ms)), second),
                expected,
                "{since_ms}"
            );
        }
        assert_eq!(missed(None, second), 0);
    }
}
