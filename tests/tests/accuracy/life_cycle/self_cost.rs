//! What the programs cost, by the kernel's own account.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::AgentCommand;
use agent_tests::cgroup;
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::as_f64;
use agent_tests::programs::verdict::{self, Verdict};
use agent_tests::programs::{RunStatistics, statistics_of};
use aya::programs::CgroupSkbAttachType;

use crate::parts::idle;

const PACKETS: &str = "200000";
const PROGRAMS: [(&str, &[&str]); 3] = [
    ("a packet that arrives", &["count_ingress"]),
    ("a packet that leaves", &["count_egress"]),
    ("a task switch", &["charge_task", "charge_cpu"]),
];
/// Programs of the same type as the first two that do nothing, in the same places: a slow machine is slow with them, too.
const EMPTY: [(&str, CgroupSkbAttachType); 2] = [
    ("empty_ingress", CgroupSkbAttachType::Ingress),
    ("empty_egress", CgroupSkbAttachType::Egress),
];
/// Of the time of an empty program, in percent.
const MOST_OF_EMPTY: f64 = 300.0;
/// Of a task switch, for which there is no empty program here.
const MOST_SWITCH_NS: f64 = 200.0;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_programs_cost_a_fraction_of_a_microsecond() {
    let docker = PrivateDocker::start();
    let _agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let sender = idle(&docker, "sender", &[]);
    let to = format!("{}:5202", sink.address());
    let _empty = EMPTY.map(|(name, hook)| verdict::attach(name, Verdict::Pass, &cgroup::v2_root(), hook));
    // kept while this is held
    let kept = aya::sys::enable_stats(aya::sys::Stats::RunTime).expect("the kernel keeps such statistics");
    let look = || {
        (
            PROGRAMS.map(|(_, names)| sum(names)),
            EMPTY.map(|(name, _)| sum(&[name])),
        )
    };
    let (before, empty_before) = look();
    sender.exec(&[
        "udp-send", "--to", &to, "--count", PACKETS, "--size", "72", "--rate", "100000",
    ]);
    let (after, empty_after) = look();
    drop(kept);
    let mut empty_ns = empty_before
        .iter()
        .zip(&empty_after)
        .map(|(before, after)| after.since(before).ns_a_run());

    let mut scenario = Scenario::new(
        "37",
        "the programs' own time while a container sends 200,000 UDP packets to another",
    );
    for (((what, _), before), after) in PROGRAMS.iter().zip(&before).zip(&after) {
        let taken = after.since(before);
        scenario.counter(
            &format!("{what}: runs"),
            taken.runs,
            Unit::Count,
            Bound::AtLeast(10_000.0),
        );
        let time = format!("{what}: time of a run");
        match empty_ns.next() {
            Some(empty) => {
                scenario.number(&time, taken.ns_a_run(), Unit::Ns, Bound::Told);
                let share = taken.ns_a_run() / empty * 100.0;
                let title = format!("{time}, of that of an empty program");
                scenario.number(&title, share, Unit::Percent, Bound::AtMost(MOST_OF_EMPTY));
            }
            None => scenario.number(&time, taken.ns_a_run(), Unit::Ns, Bound::AtMost(MOST_SWITCH_NS)),
        }
    }
    scenario.finish();
}

struct Sum {
    ns: u64,
    runs: u64,
}

impl Sum {
    fn since(&self, before: &Self) -> Self {
        Self {
            ns: self.ns - before.ns,
            runs: self.runs - before.runs,
        }
    }

    fn ns_a_run(&self) -> f64 {
        as_f64(self.ns) / as_f64(self.runs)
    }
}

#[track_caller]
fn sum(names: &[&str]) -> Sum {
    let all = statistics_of(names);
    let of = |field: fn(&RunStatistics) -> u64| all.iter().map(field).sum();
    Sum {
        ns: of(|program| program.run_time_ns),
        runs: of(|program| program.runs),
    }
}
