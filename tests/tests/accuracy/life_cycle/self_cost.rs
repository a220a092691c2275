//! What the programs cost, by the kernel's own account.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::as_f64;
use agent_tests::programs::{RunStatistics, statistics_of};

use crate::parts::idle;

const PACKETS: &str = "200000";
const PROGRAMS: [(&str, &[&str], f64); 3] = [
    ("a packet that arrives", &["count_ingress"], 150.0),
    ("a packet that leaves", &["count_egress"], 150.0),
    ("a task switch", &["charge_task", "charge_cpu"], 200.0),
];

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_programs_cost_a_fraction_of_a_microsecond() {
    let docker = PrivateDocker::start();
    let _agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let sender = idle(&docker, "sender", &[]);
    let to = format!("{}:5202", sink.address());
    // kept while this is held
    let kept = aya::sys::enable_stats(aya::sys::Stats::RunTime).expect("the kernel keeps such statistics");
    let before = PROGRAMS.map(|(_, names, _)| sum(names));
    sender.exec(&[
        "udp-send", "--to", &to, "--count", PACKETS, "--size", "72", "--rate", "100000",
    ]);
    let after = PROGRAMS.map(|(_, names, _)| sum(names));
    drop(kept);

    let mut scenario = Scenario::new(
        "37",
        "the programs' own time while a container sends 200,000 UDP packets to another",
    );
    for (((what, _, most), before), after) in PROGRAMS.iter().zip(before).zip(after) {
        let runs = after.runs - before.runs;
        scenario.counter(&format!("{what}: runs"), runs, Unit::Count, Bound::AtLeast(10_000.0));
        let ns = as_f64(after.ns - before.ns) / as_f64(runs);
        scenario.number(&format!("{what}: time of a run"), ns, Unit::Ns, Bound::AtMost(*most));
    }
    scenario.finish();
}

struct Sum {
    ns: u64,
    runs: u64,
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
