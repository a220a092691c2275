//! The agent's end, and what stays in the kernel: nothing. Its next start, and two at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::AgentCommand;
use agent_tests::cgroup::v2_dir;
use agent_tests::docker::PrivateDocker;
use agent_tests::process::Signal;
use agent_tests::programs::{links_of, loaded_by_agents};
use agent_tests::wait::wait_until;
use aya::programs::links::LinkType;

use super::{PACKET_BYTES, send};
use crate::parts::{exactly, idle, quick_agent, start_agent};

/// The kernel frees a program a moment after its last user has gone.
const FREE_DEADLINE: Duration = Duration::from_secs(5);
const END_DEADLINE: Duration = Duration::from_secs(5);
const SIGNALS: [(&str, Signal, &str); 3] = [
    ("SIGTERM", Signal::TERM, "0"),
    ("SIGINT", Signal::INT, "0"),
    ("SIGKILL", Signal::KILL, "none"),
];

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn nothing_stays_in_the_kernel_however_the_agent_ends() {
    let docker = PrivateDocker::start();
    let mut scenario = Scenario::new("32", "the agent starts, and ends by a signal");
    for (name, signal, code) in SIGNALS {
        // other agents may run on this machine
        let of_others = loaded_by_agents();
        let agent = start_agent(&docker);
        let ours: BTreeSet<u32> = loaded_by_agents().difference(&of_others).copied().collect();
        let links = links_of(&ours);
        let at_cgroup = links.iter().filter(|link| **link == LinkType::Cgroup).count();
        if signal == Signal::TERM {
            scenario.counter(
                "while it runs: programs at the cgroup root",
                count(at_cgroup),
                Unit::Count,
                exactly(2),
            );
            let at_switch = count(links.len() - at_cgroup);
            scenario.counter(
                "while it runs: programs on `sched_switch`",
                at_switch,
                Unit::Count,
                exactly(1),
            );
        }
        let start = Instant::now();
        agent.signal(signal);
        let status = agent.wait_for_end(END_DEADLINE);
        let took = start.elapsed().as_secs_f64();
        let ended = status.code().map_or_else(|| "none".to_owned(), |code| code.to_string());
        scenario.text(&format!("{name}: exit code"), &ended, code);
        scenario.number(
            &format!("{name}: time to its end"),
            took,
            Unit::Seconds,
            Bound::AtMost(2.0),
        );
        let left = || count(loaded_by_agents().intersection(&ours).count());
        wait_until("the kernel to free the agent's programs", FREE_DEADLINE, || {
            let left = left();
            (left == 0).then_some(()).ok_or_else(|| left.to_string())
        });
        scenario.counter(&format!("{name}: programs that stay"), left(), Unit::Count, exactly(0));
    }
    scenario.finish();
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_restart_costs_what_passed_meanwhile_and_two_agents_count_alike() {
    let docker = PrivateDocker::start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let container = idle(&docker, "sender", &[]);
    let to = format!("{}:5202", sink.address());
    let words = [
        "udp-send", "--to", &to, "--size", "972", "--rate", "2000", "--count", "60000",
    ];
    container.exec_detached(&words);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let last = agent.next_sample(&container.id);
    let start = Instant::now();
    agent.signal(Signal::TERM);
    agent.wait_for_end(END_DEADLINE);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let first = agent.sample(&container.id);
    let took = start.elapsed().as_secs_f64();
    let mut scenario = Scenario::new(
        "32b",
        "the agent is started anew while a container sends 2,000,000 B a second",
    );
    scenario.number("rate before, in B/s", last.net.tx, Unit::Bytes, NEARLY_2_MB);
    scenario.number("first rate after, in B/s", first.net.tx, Unit::Bytes, NEARLY_2_MB);
    scenario.number("from one to the other", took, Unit::Seconds, Bound::AtMost(5.0));
    // from its own start on, and not all that the container has sent
    let counted = first.counters.tx();
    scenario.counter(
        "bytes that it has counted by then",
        counted,
        Unit::Bytes,
        Bound::AtMost(4_000_000.0),
    );
    scenario.finish();
    drop(agent);
    container.remove();

    let of_others = loaded_by_agents();
    let (one, other) = (start_agent(&docker), quick_agent(&docker).start());
    let ours: BTreeSet<u32> = loaded_by_agents().difference(&of_others).copied().collect();
    let links = links_of(&ours);
    let container = idle(&docker, "watched-twice", &[]);
    let load = || send(&v2_dir(&container.id), &container, &to, 5000);
    let mut by_other = 0;
    let [by_one] = one.moved([&container], || {
        let [moved] = other.moved([&container], load);
        by_other = moved.tx;
    });
    one.signal(Signal::KILL);
    one.wait_for_end(END_DEADLINE);
    let [alone] = other.moved([&container], load);
    let mut scenario = Scenario::new(
        "32c",
        "5,000 packets before two agents, and before one when the other is killed",
    );
    let at_cgroup = links.iter().filter(|link| **link == LinkType::Cgroup).count();
    scenario.counter("programs at the cgroup root", count(at_cgroup), Unit::Count, exactly(4));
    let all = 5000 * PACKET_BYTES;
    scenario.counter("sent, by the one", by_one.tx, Unit::Bytes, exactly(all));
    scenario.counter("sent, by the other", by_other, Unit::Bytes, exactly(all));
    scenario.counter("sent, by the other alone", alone.tx, Unit::Bytes, exactly(all));
    scenario.finish();
}

/// As for a steady load that nothing disturbs (5b).
const NEARLY_2_MB: Bound = Bound::Between(1_960_000.0, 2_040_000.0);

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
