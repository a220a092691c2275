//! The agent itself, under `balancer_agent_`.

use std::sync::Arc;

use super::{Family, Kind, Labels, label, number, seconds};
use crate::{
    containers::{ContainerTable, DockerState},
    kernel::ProgramRuns,
    snapshot::Snapshot,
    usage::{Source, choose::SourceDecision},
};

/// What is not in the snapshot.
#[derive(Clone, Debug)]
pub struct AgentFacts {
    /// Where figures come from.
    pub decision: SourceDecision,
    /// The time between two samples, in ns.
    pub interval_ns: u64,
    /// Callers over TCP have to show nothing, and come from other machines.
    pub is_open: bool,
    /// When the agent started, in ns since 1970.
    pub started_ns: u64,
    /// Memory of the agent, in bytes, and CPU time of it, in ns; `None` where the kernel does not tell.
    pub own: Option<(u64, u64)>,
}

/// All that figures of the agent come from.
struct Known<'a> {
    snapshot: &'a Snapshot,
    facts: &'a AgentFacts,
    table: &'a ContainerTable,
}

/// A family with one series: name, kind, help, and its figure.
type Figure = (&'static str, Kind, &'static str, fn(&Known<'_>) -> Option<f64>);

const FIGURES: &[Figure] = &[
    (
        "balancer_agent_docker_up",
        Kind::Gauge,
        "Whether Docker answers.",
        |known| Some(yes(known.table.docker == DockerState::Connected)),
    ),
    (
        "balancer_agent_unauthenticated",
        Kind::Gauge,
        "Whether callers of other machines need no credentials.",
        |known| Some(yes(known.facts.is_open)),
    ),
    (
        "balancer_agent_containers",
        Kind::Gauge,
        "Containers that run.",
        |known| {
            let is_known = known.table.docker != DockerState::NeverReached;
            is_known.then(|| number(known.table.running().count() as u64))
        },
    ),
    (
        "balancer_agent_containers_with_figures",
        Kind::Gauge,
        "Containers of which the latest sample has figures.",
        |known| Some(number(known.snapshot.containers.len() as u64)),
    ),
    (
        "balancer_agent_ticks",
        Kind::Counter,
        "Samples taken since the agent started.",
        |known| Some(number(known.snapshot.seq)),
    ),
    (
        "balancer_agent_ticks_missed",
        Kind::Counter,
        "Samples left out because the one before took too long.",
        |known| Some(number(known.snapshot.ticks_missed)),
    ),
    (
        "balancer_agent_sample_timestamp_seconds",
        Kind::Gauge,
        "When the latest sample was taken.",
        |known| Some(seconds(known.snapshot.at.wall_ns)),
    ),
    (
        "balancer_agent_map_entries",
        Kind::Gauge,
        "Cgroups that the kernel programs count in their map.",
        |known| known.of_kernel(known.snapshot.health.map_entries as u64),
    ),
    (
        "balancer_agent_lost_updates",
        Kind::Counter,
        "Updates that the kernel programs could not count, for want of room in their map.",
        |known| known.of_kernel(known.snapshot.health.lost_updates),
    ),
    (
        "balancer_agent_missed_switches",
        Kind::Counter,
        "Times that a task on a CPU could not be charged, each up to one slice.",
        |known| known.of_kernel(known.snapshot.health.missed_switches),
    ),
    (
        "balancer_agent_history_bytes",
        Kind::Gauge,
        "Memory that points of the past take.",
        |known| Some(number(known.snapshot.history_bytes as u64)),
    ),
    (
        "process_start_time_seconds",
        Kind::Gauge,
        "When the agent started.",
        |known| Some(seconds(known.facts.started_ns)),
    ),
    (
        "process_resident_memory_bytes",
        Kind::Gauge,
        "Memory of the agent.",
        |known| known.facts.own.map(|(rss_bytes, _)| number(rss_bytes)),
    ),
    (
        "process_cpu_seconds",
        Kind::Counter,
        "CPU time of the agent.",
        |known| known.facts.own.map(|(_, cpu_ns)| seconds(cpu_ns)),
    ),
];

impl Known<'_> {
    /// Only where the kernel counts is there something to tell of its counting.
    fn of_kernel(&self, value: u64) -> Option<f64> {
        (self.facts.decision.source == Source::Ebpf).then(|| number(value))
    }
}

pub(super) fn families(snapshot: &Snapshot, facts: &AgentFacts, table: &ContainerTable) -> Vec<Family> {
    let known = Known { snapshot, facts, table };
    let single = FIGURES
        .iter()
        .map(|(name, kind, help, figure)| Family::new(*name, *kind, *help).single(figure(&known)));
    let mut families = vec![build(), source(facts)];
    families.extend(single);
    families.extend(programs(&snapshot.health.programs));
    families
}

fn build() -> Family {
    let mut family = Family::new(
        "balancer_agent_build_info",
        Kind::Gauge,
        "Always 1; the version is a label.",
    );
    let version: Labels = vec![label("version", env!("CARGO_PKG_VERSION"))];
    family.add(&Arc::default(), version, Some(1.0));
    family
}

fn source(facts: &AgentFacts) -> Family {
    let mut family = Family::new(
        "balancer_agent_source",
        Kind::Gauge,
        "1 for the source of CPU and network figures: ebpf counts in the kernel, docker asks Docker's stats API.",
    );
    for (source, name) in [(Source::Ebpf, "ebpf"), (Source::Docker, "docker")] {
        let is_it = yes(facts.decision.source == source);
        family.add(&Arc::default(), vec![label("source", name)], Some(is_it));
    }
    family
}

fn programs(programs: &[ProgramRuns]) -> [Family; 2] {
    let mut runs = Family::new(
        "balancer_agent_program_runs",
        Kind::Counter,
        "Runs of each kernel program, where kernel.bpf_stats_enabled has them counted.",
    );
    let mut times = Family::new(
        "balancer_agent_program_seconds",
        Kind::Counter,
        "Time that these runs took.",
    );
    for program in programs {
        let with = || vec![label("program", program.name.clone())];
        runs.add(&Arc::default(), with(), Some(number(program.runs)));
        times.add(&Arc::default(), with(), Some(seconds(program.run_ns)));
    }
    [runs, times]
}

fn yes(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}
