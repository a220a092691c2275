//! The kernel as a source: reads its counters, adds them up by container, gives back the room of the dead.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::{Duration, Instant},
};

use agent_common::{CgroupCounters, LINEAGE_LEVELS, Lineage};

use super::{
    CpuAccountName, Reading, Source, SourceHealth,
    ledger::{Ledger, Total},
};
use crate::{
    cgroup::{self, Walk},
    clock::{MonotonicClock, wall_ns},
    containers::{Container, ContainerId, ContainerTable},
    kernel::{KernelCounters, KernelError},
    rates::{Counters, NetCounters, NetDetail, Sample},
};

/// How often the tree is walked for cgroups that are gone.
const WALK_EVERY: Duration = Duration::from_secs(10);
/// Cgroups that a walk looks at, at most.
const WALK_LIMIT: usize = 100_000;

/// What the kernel says about one running container.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every one is the large variant, and lives for one tick"
)]
pub enum KernelReading {
    /// It is counted.
    Counted(Reading),
    /// It has no cgroup of its own in the v2 tree, or the map had no room for it.
    NotSeparable,
}

/// Moments of a read.
#[derive(Clone, Copy, Debug)]
struct ReadAt {
    clock_ns: u64,
    wall_ns: u64,
}

/// The kernel's counters as a source.
#[derive(Debug)]
pub struct KernelUsage {
    kernel: KernelCounters,
    v2_root: PathBuf,
    clock: MonotonicClock,
    ledger: Ledger,
    /// Kept from read to read.
    entries: Vec<(u64, CgroupCounters)>,
    last_read: Option<ReadAt>,
    last_walk: Instant,
    health: SourceHealth,
    /// From here on a container without an entry is unknown, not idle.
    map_was_full: bool,
}

impl KernelUsage {
    /// `v2_root` is the tree that the programs are attached to.
    pub fn new(kernel: KernelCounters, v2_root: PathBuf) -> Self {
        Self {
            kernel,
            v2_root,
            clock: MonotonicClock::start(),
            ledger: Ledger::default(),
            entries: Vec::new(),
            last_read: None,
            last_walk: Instant::now(),
            health: SourceHealth::default(),
            map_was_full: false,
        }
    }

    /// How it is.
    pub fn health(&self) -> SourceHealth {
        self.health
    }

    /// Reads every counter and adds up those of each running container.
    pub fn read(&mut self, table: &ContainerTable) -> Result<HashMap<ContainerId, KernelReading>, KernelError> {
        let moment = self.kernel.read(&mut self.entries)?;
        let at = ReadAt {
            clock_ns: self.clock.ns_at(moment),
            wall_ns: wall_ns(),
        };
        let kernel = &self.kernel;
        self.ledger.record(&self.entries, |id| kernel.lineage(id));
        self.ledger
            .set_containers(table.running().filter_map(|container| cgroup_of(container)));
        self.note_losses()?;
        if self.last_walk.elapsed() >= WALK_EVERY {
            self.last_walk = Instant::now();
            self.reclaim();
        }
        let totals = self.ledger.totals();
        let readings = table
            .running()
            .filter(|container| container.place.is_some())
            .map(|container| (container.id, self.reading(container, &totals, at)))
            .collect();
        self.last_read = Some(at);
        Ok(readings)
    }

    fn reading(&self, container: &Container, totals: &HashMap<u64, Total>, at: ReadAt) -> KernelReading {
        let Some(cgroup_id) = cgroup_of(container) else {
            return KernelReading::NotSeparable;
        };
        let total = totals.get(&cgroup_id);
        if total.is_none() && self.map_was_full {
            return KernelReading::NotSeparable;
        }
        let total = total.copied().unwrap_or_default();
        // No entry is made before a cgroup does something: one that was there and is not in the map has used nothing.
        let before = self.last_read.filter(|last| {
            total.was_there_before
                || container
                    .started_ns
                    .is_some_and(|started_ns| started_ns <= last.wall_ns)
        });
        KernelReading::Counted(Reading {
            source: Source::Ebpf,
            now: sample(at, &total.now),
            before: before.map(|last| sample(last, &total.before)),
            memory: None,
        })
    }

    fn note_losses(&mut self) -> Result<(), KernelError> {
        let losses = self.kernel.losses()?;
        if losses.map_full > 0 && !self.map_was_full {
            self.map_was_full = true;
            tracing::error!(
                "the kernel map is full: cgroups that came later are not counted by it and Docker's stats serve their \
                 containers; start the agent with a larger --max-containers"
            );
        }
        self.health = SourceHealth {
            map_entries: self.entries.len(),
            lost_updates: losses.map_full + losses.no_entry,
            missed_switches: losses.missed_switch,
            cpu_account: Some(if self.kernel.reads_the_clock() {
                CpuAccountName::Clock
            } else {
                CpuAccountName::Scheduler
            }),
        };
        Ok(())
    }

    /// One walk of the tree: finds owners for leaves that nobody told the ancestors of, and gives back the room of
    /// leaves whose cgroup is gone. Such a leaf's counters have stood still for several reads, so nothing is lost.
    fn reclaim(&mut self) {
        let still: Vec<u64> = self.ledger.still_leaves().collect();
        let unknown: Vec<u64> = self.ledger.without_lineage().collect();
        if still.is_empty() && unknown.is_empty() {
            return;
        }
        let walk = match cgroup::walk(&self.v2_root, WALK_LIMIT) {
            Ok(walk) => walk,
            Err(error) => {
                tracing::warn!("cgroups that are gone keep their room in the map: {error}");
                return;
            }
        };
        for id in unknown {
            if let Some(lineage) = lineage_by_path(&walk, id) {
                self.ledger.learn(id, lineage);
            }
        }
        if !walk.complete {
            return;
        }
        let alive: HashSet<u64> = walk.entries.iter().map(|entry| entry.id).collect();
        for id in still.into_iter().filter(|id| !alive.contains(id)) {
            match self.kernel.forget(id) {
                Ok(()) => self.ledger.retire(id),
                Err(error) => tracing::warn!("the entry of cgroup {id} could not be given back: {error}"),
            }
        }
    }
}

fn cgroup_of(container: &Container) -> Option<u64> {
    container.place.as_ref()?.cgroup_id
}

/// The ancestors of a cgroup from the root on, as the tree shows them; `None` if it is not in the tree.
fn lineage_by_path(walk: &Walk, id: u64) -> Option<Lineage> {
    let parents: HashMap<u64, Option<u64>> = walk.entries.iter().map(|entry| (entry.id, entry.parent_id)).collect();
    let mut upwards = vec![id];
    let mut at = *parents.get(&id)?;
    while let Some(parent) = at {
        upwards.push(parent);
        at = *parents.get(&parent)?;
    }
    let mut lineage = Lineage {
        levels: [0; LINEAGE_LEVELS],
    };
    for (level, ancestor) in lineage.levels.iter_mut().zip(upwards.into_iter().rev()) {
        *level = ancestor;
    }
    Some(lineage)
}

fn sample(at: ReadAt, counted: &CgroupCounters) -> Sample {
    Sample {
        clock_ns: at.clock_ns,
        wall_ns: at.wall_ns,
        counters: Counters {
            cpu_ns: counted.cpu_ns,
            net: Some(NetCounters {
                rx_bytes: counted.rx_bytes,
                tx_bytes: counted.tx_bytes,
                rx_packets: counted.rx_packets,
                tx_packets: counted.tx_packets,
                detail: Some(NetDetail {
                    rx_segments: counted.rx_packets + counted.rx_more_segments,
                    tx_segments: counted.tx_packets + counted.tx_more_segments,
                    loopback_rx_bytes: counted.loopback_rx_bytes,
                    loopback_tx_bytes: counted.loopback_tx_bytes,
                }),
            }),
        },
    }
}
