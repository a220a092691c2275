//! The tick: reads the sources and the node, and makes one snapshot of it all.
//!
//! The schedule is absolute, so that a late tick does not delay the next one; rates use the time that really passed.
//! A tick reads files and maps, and no other work is to delay it: it has a thread of its own.

mod memory;
mod points;
mod totals;

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    pin::pin,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::oneshot};
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

    /// Ticks until the agent stops, on a thread of its own. Dropping the sampler at the end detaches the kernel programs.
    pub async fn run(self, stop: CancellationToken) {
        let (go_on, told) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        // what the sources start for themselves is of the runtime
        let runtime = Handle::current();
        let thread = thread::Builder::new().name("sampler".to_owned());
        let spawned = thread.spawn(move || {
            let _inside = runtime.enter();
            self.tick_until_told(&told);
            let _nobody_waits = end.send(());
        });
        if let Err(error) = spawned {
            tracing::error!("the sampler has no thread: {error}");
            return;
        }
        let mut ended = pin!(ended);
        tokio::select! {
            () = stop.cancelled() => {
                drop(go_on);
                let _ended = ended.await;
            }
            // A panic in a tick is a defect that nothing here can mend: the agent must end and be seen to.
            _ = ended.as_mut() => tracing::error!("the sampler broke"),
        }
    }

    fn tick_until_told(mut self, told: &mpsc::Receiver<Infallible>) {
        let began = Instant::now();
        let mut number = 0;
        loop {
            self.tick();
            let next = next_tick(number, began.elapsed(), self.interval);
            self.ticks_missed += next - number - 1;
            number = next;
            let due = Duration::from_nanos(nanoseconds(self.interval).saturating_mul(number));
            match told.recv_timeout(due.saturating_sub(began.elapsed())) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(_) | Err(RecvTimeoutError::Disconnected) => return,
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

/// The number of the tick after that of `last`, `elapsed` after the first, whose number is 0: the next one, or the one that is due
/// now, if that is later.
fn next_tick(last: u64, elapsed: Duration, interval: Duration) -> u64 {
    let due = nanoseconds(elapsed) / nanoseconds(interval).max(1);
    due.max(last + 1)
}

/// Of some 580 years at most.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_tick_delays_no_other_and_what_was_left_out_is_counted() {
        let second = Duration::from_secs(1);
        for (last, elapsed_ms, next, left_out) in [
            (0, 5, 1, 0),
            (0, 999, 1, 0),
            (0, 1000, 1, 0),
            (0, 1003, 1, 0),
            (0, 1999, 1, 0),
            (0, 2000, 2, 1),
            (4, 4100, 5, 0),
            (4, 9500, 9, 4),
            (4, 3990, 5, 0),
        ] {
            let number = next_tick(last, Duration::from_millis(elapsed_ms), second);
            assert_eq!((number, number - last - 1), (next, left_out), "{last} {elapsed_ms}");
        }
    }
}
