//! The kernel as a source: reads its counters, adds them up by container, gives back the room of the dead.

mod ancestry;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use agent_common::CgroupCounters;

use super::{
    CpuAccountName, Reading, Source, SourceHealth,
    ledger::{Ledger, Total},
};
use crate::{
    cgroup::{self, CgroupEntry, Walk},
    clock::{MonotonicClock, wall_ns},
    containers::{Container, ContainerId, ContainerTable},
    kernel::{KernelCounters, KernelError},
    rates::{Counters, NetCounters, NetDetail, Sample},
};
use ancestry::Ancestry;

/// How often the tree is walked for cgroups that are gone.
const WALK_EVERY: Duration = Duration::from_secs(10);
/// How often while cgroups find no room: their containers have to be known, and room is wanted.
const WALK_EVERY_WHEN_FULL: Duration = Duration::from_secs(1);
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
    /// It has no cgroup of its own in the v2 tree, or the map had no room for all of its cgroups.
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
    /// Updates that found no room, up to the last read. After the first, a container without an entry is unknown, not idle.
    found_no_room: u64,
    /// Since then: cgroups that have no entry, each with its container, of which a part may be counted.
    without_entry: HashMap<u64, u64>,
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
            found_no_room: 0,
            without_entry: HashMap::new(),
        }
    }

    /// How it is.
    pub fn health(&self) -> SourceHealth {
        self.health.clone()
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
        let is_full = self.note_losses()?;
        let walk_every = if is_full { WALK_EVERY_WHEN_FULL } else { WALK_EVERY };
        if self.last_walk.elapsed() >= walk_every {
            self.last_walk = Instant::now();
            self.reclaim();
            self.health.programs = self.kernel.program_runs().into();
        }
        self.without_entry.retain(|cgroup_id, _| !self.ledger.has(*cgroup_id));
        let incomplete: HashSet<u64> = self.without_entry.values().copied().collect();
        let mut totals = self.ledger.totals();
        totals.retain(|container, _| !incomplete.contains(container));
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
        if total.is_none() && self.found_no_room > 0 {
            return KernelReading::NotSeparable;
        }
        let total = total.copied().unwrap_or_default();
        // No entry is made before a cgroup does something: one that was there and is not in the map has used nothing. Room
        // is given back at a read, so that a cgroup that had none is counted from a read on.
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

    /// Tells whether updates found no room since the last read.
    fn note_losses(&mut self) -> Result<bool, KernelError> {
        let losses = self.kernel.losses()?;
        let before = std::mem::replace(&mut self.found_no_room, losses.map_full);
        if losses.map_full > 0 && before == 0 {
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
            programs: Arc::clone(&self.health.programs),
        };
        Ok(losses.map_full > before)
    }

    /// One walk of the tree: finds owners for leaves that nobody told the ancestors of, gives back the room of leaves
    /// whose cgroup is gone, and finds containers that had not enough. A leaf that goes has stood still for several
    /// reads, so nothing is lost.
    fn reclaim(&mut self) {
        let still: Vec<u64> = self.ledger.still_leaves().collect();
        let unknown: Vec<u64> = self.ledger.without_lineage().collect();
        if still.is_empty() && unknown.is_empty() && self.found_no_room == 0 {
            return;
        }
        let walk = match cgroup::walk(&self.v2_root, WALK_LIMIT) {
            Ok(walk) => walk,
            Err(error) => {
                tracing::warn!("cgroups that are gone keep their room in the map: {error}");
                return;
            }
        };
        let ancestry = Ancestry::of(&walk);
        for id in unknown {
            if let Some(lineage) = ancestry.lineage(id) {
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
        if self.found_no_room > 0 {
            self.without_entry = self.find_without_entry(&walk, &ancestry);
        }
    }

    /// Cgroups of containers that have no entry: one may have done nothing, or found no room.
    fn find_without_entry(&self, walk: &Walk, ancestry: &Ancestry) -> HashMap<u64, u64> {
        let without_entry = walk.entries.iter().filter(|cgroup| !self.ledger.has(cgroup.id));
        let with_container = |cgroup: &CgroupEntry| {
            let container = self.ledger.owner_of(cgroup.id, &ancestry.lineage(cgroup.id)?)?;
            Some((cgroup.id, container))
        };
        without_entry.filter_map(with_container).collect()
    }
}

fn cgroup_of(container: &Container) -> Option<u64> {
    container.place.as_ref()?.cgroup_id
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
