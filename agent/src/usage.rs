//! Cumulative counters of each container, from the kernel programs or from Docker's stats, and why one of the two
//! is not available.
//!
//! Whatever the source, a reading is two samples: what was counted at the last read and what is counted now.
//! [`crate::rates`] makes rates of the two.

pub mod choose;
pub mod kernel;
pub mod ledger;
pub mod streams;

use std::{collections::HashMap, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    clock::wall_ns,
    containers::{Container, ContainerId, ContainerTable, NetworkMode},
    docker::Engine,
    kernel::ProgramRuns,
    rates::Sample,
};
use kernel::{KernelReading, KernelUsage};
use streams::StatsStreams;

/// Where figures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Counted by the kernel programs.
    Ebpf,
    /// Told by Docker's stats API.
    Docker,
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Ebpf => "ebpf",
            Self::Docker => "docker",
        })
    }
}

/// Bytes of memory, where the source itself tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamMemory {
    /// In use, less inactive file cache.
    pub used_bytes: u64,
    /// The limit, or what the machine has.
    pub limit_bytes: Option<u64>,
}

/// What is known of one container at one read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Where it comes from.
    pub source: Source,
    /// Counted up to now.
    pub now: Sample,
    /// Counted up to the last read; `None` if the container was not there then.
    pub before: Option<Sample>,
    /// Memory, where the source tells it. With the kernel as source it is read from the cgroup's files instead.
    pub memory: Option<StreamMemory>,
}

/// What the kernel programs take as CPU time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CpuAccount)]
pub enum CpuAccountName {
    /// The scheduler's own account, as in `cpu.stat`.
    Scheduler,
    /// Time by the clock, with interrupts and time that a hypervisor took.
    Clock,
}

/// What the sampler wants to know about the sources themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceHealth {
    /// Leaf cgroups that the kernel map holds.
    pub map_entries: usize,
    /// Updates that the kernel programs could not count.
    pub lost_updates: u64,
    /// Times that a task on a CPU could not be charged, each up to one slice.
    pub missed_switches: u64,
    /// What CPU time is; `None` where the kernel programs do not count.
    pub cpu_account: Option<CpuAccountName>,
    /// Runs of the kernel programs, as of the last ten seconds; those that the kernel did not count are not among them.
    pub programs: Arc<[ProgramRuns]>,
}

/// The sources of this agent.
#[derive(Debug)]
pub struct UsageSources {
    kernel: Option<KernelUsage>,
    streams: StatsStreams,
}

impl UsageSources {
    /// With kernel counters where they are to be had; Docker's stats serve whatever these cannot.
    pub fn new(kernel: Option<KernelUsage>, engine: Arc<Engine>) -> Self {
        Self {
            kernel,
            streams: StatsStreams::new(engine),
        }
    }

    /// The source of containers that nothing speaks against.
    pub fn main_source(&self) -> Source {
        if self.kernel.is_some() {
            Source::Ebpf
        } else {
            Source::Docker
        }
    }

    /// How the sources themselves are.
    pub fn health(&self) -> SourceHealth {
        self.kernel.as_ref().map(KernelUsage::health).unwrap_or_default()
    }

    /// Reads everything once. A container that no source can tell about yet is missing from the result.
    pub fn read(&mut self, table: &ContainerTable) -> HashMap<ContainerId, Reading> {
        let mut readings = HashMap::with_capacity(table.by_id.len());
        let mut from_docker: Vec<&Arc<Container>> = Vec::new();
        let counted = self.kernel.as_mut().and_then(|kernel| {
            kernel
                .read(table)
                .inspect_err(|error| tracing::error!("the kernel's counters were not read: {error}"))
                .ok()
        });
        for container in table.running() {
            match (&self.kernel, &counted) {
                (None, _) => from_docker.push(container),
                // One failed read is a gap, not a reason to change the source.
                (Some(_), None) => {}
                (Some(_), Some(counted)) => match counted.get(&container.id) {
                    Some(KernelReading::Counted(reading)) => {
                        readings.insert(container.id, *reading);
                    }
                    Some(KernelReading::NotSeparable) => from_docker.push(container),
                    None => {}
                },
            }
        }
        self.streams.follow(from_docker.iter().map(|container| container.id));
        for container in from_docker {
            let reading = self.streams.reading(container.id);
            if let Some(mut reading) = reading.and_then(|reading| reading.of_run(container.started_ns, wall_ns())) {
                if shares_network(container, table) {
                    reading.hide_network();
                }
                readings.insert(container.id, reading);
            }
        }
        readings
    }
}

impl Reading {
    /// What of it is of the run that began at `started_ns`: a stream goes on through a restart, and its last frames are of the run
    /// before. A run that began later than `now_ns` tells that the clock was set back since, and nothing of the frames.
    fn of_run(mut self, started_ns: Option<u64>, now_ns: u64) -> Option<Self> {
        let Some(started_ns) = started_ns.filter(|started_ns| *started_ns <= now_ns) else {
            return Some(self);
        };
        self.before = self.before.filter(|before| before.wall_ns >= started_ns);
        (self.now.wall_ns >= started_ns).then_some(self)
    }

    fn hide_network(&mut self) {
        self.now.counters.net = None;
        if let Some(before) = &mut self.before {
            before.counters.net = None;
        }
    }
}

/// Docker tells the traffic of a network namespace. Where several containers use one, or it is the host's, that is
/// not the traffic of any one of them.
fn shares_network(container: &Container, table: &ContainerTable) -> bool {
    match &container.network {
        NetworkMode::Own => table.running().any(|other| {
            matches!(&other.network, NetworkMode::Shared(owner)
                if **owner == *container.name || container.id.to_string().starts_with(&**owner))
        }),
        NetworkMode::Host | NetworkMode::Shared(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rates::Counters;

    #[test]
    fn frames_of_the_run_before_are_not_those_of_this_one() {
        let at = |wall_ns| Sample {
            clock_ns: wall_ns,
            wall_ns,
            counters: Counters::default(),
        };
        let reading = Reading {
            source: Source::Docker,
            now: at(20),
            before: Some(at(10)),
            memory: None,
        };
        let kept = |started_ns, now_ns| {
            let reading = reading.of_run(started_ns, now_ns)?;
            Some(reading.before.is_some())
        };
        assert_eq!(kept(Some(5), 25), Some(true));
        assert_eq!(kept(Some(15), 25), Some(false), "the one before is older");
        assert_eq!(kept(Some(21), 25), None, "all of it is older");
        assert_eq!(kept(None, 25), Some(true));
        assert_eq!(kept(Some(1_000), 25), Some(true), "the clock was set back");
    }
}
