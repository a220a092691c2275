//! Containers come and go; what the agent keeps of them goes too, and nobody inherits another's figures.

use std::ops::Range;
use std::thread;

use agent_tests::accuracy::{Scenario, Unit};
use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::cgroup::v2_dir;
use agent_tests::docker::PrivateDocker;
use agent_tests::process::open_files;
use agent_tests::wait::wait_until;

use super::{GIVEN_BACK_DEADLINE, PACKET_BYTES, health, send, settled};
use crate::parts::exactly;

const CONTAINERS: u64 = 200;
/// As many at a time as a small machine carries.
const AT_ONCE: u64 = 40;
const LANES: usize = 4;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn two_hundred_containers_leave_no_entry_and_no_open_file_and_share_no_figure() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    agent.samples(&sink.id, 2);
    let to = format!("{}:5202", sink.address());
    let files = || {
        // The connection on which the harness asks is one of them, if it is open: it is now.
        agent.get("/livez").must_be(200);
        u64::try_from(open_files(agent.pid)).unwrap_or(u64::MAX)
    };
    let before = (settled(|| health(&agent, "map_entries")), settled(files));

    let mut exact = 0;
    for first in (0..CONTAINERS).step_by(usize::try_from(AT_ONCE).expect("a small number")) {
        exact += one_round(&docker, &agent, &to, first..first + AT_ONCE);
    }
    let beyond = || {
        let entries = health(&agent, "map_entries").saturating_sub(before.0);
        (entries, files().saturating_sub(before.1))
    };
    wait_until(
        "map entries and open files to be given back",
        GIVEN_BACK_DEADLINE,
        || {
            let beyond = beyond();
            (beyond == (0, 0))
                .then_some(())
                .ok_or_else(|| format!("too many: {beyond:?}"))
        },
    );
    let (entries, files) = beyond();

    let mut scenario = Scenario::new(
        "29b",
        "200 containers, 40 at a time, each of which sends another number of packets, and is removed",
    );
    scenario.counter(
        "told with what they sent, to the byte",
        exact,
        Unit::Count,
        exactly(CONTAINERS),
    );
    scenario.counter("entries in the map that stay", entries, Unit::Count, exactly(0));
    scenario.counter("files of the agent that stay open", files, Unit::Count, exactly(0));
    scenario.counter("updates lost", health(&agent, "lost_updates"), Unit::Count, exactly(0));
    scenario.finish();
}

/// Starts containers that each send a number of packets of their own, and removes them when all have been told; gives of
/// how many the figures were exact.
#[track_caller]
fn one_round(docker: &PrivateDocker, agent: &Agent, to: &str, numbers: Range<u64>) -> u64 {
    let numbers: Vec<u64> = numbers.collect();
    in_lanes(&numbers, |numbers| {
        for number in numbers {
            let container = docker.run(&name(*number), &[], &["serve"]);
            send(&v2_dir(&container.id), &container, to, packets(*number));
        }
    });
    let told = |number: &&u64| {
        let (name, expected) = (name(**number), packets(**number) * PACKET_BYTES);
        let sample = wait_until(&format!("{expected} B sent by {name}"), GIVEN_BACK_DEADLINE, || {
            let sample = agent.try_sample(&name)?;
            let all = sample.counters.tx() >= expected;
            all.then_some(sample.clone())
                .ok_or_else(|| format!("{:?}", sample.counters))
        });
        let figures = [sample.cpu, sample.net.rx, sample.net.tx];
        assert!(figures.iter().all(|figure| *figure >= 0.0), "{name}: {sample:?}");
        sample.counters.tx() == expected
    };
    let exact = numbers.iter().filter(told).count();
    in_lanes(&numbers, |numbers| {
        let names: Vec<String> = numbers.iter().map(|number| name(*number)).collect();
        let mut words = vec!["rm", "--force"];
        words.extend(names.iter().map(String::as_str));
        docker.cli(&words);
    });
    u64::try_from(exact).unwrap_or(u64::MAX)
}

fn name(number: u64) -> String {
    format!("many-{number}")
}

/// No two containers alike, and none like a container that sent nothing.
fn packets(number: u64) -> u64 {
    number + 1
}

fn in_lanes(numbers: &[u64], work: impl Fn(&[u64]) + Sync) {
    thread::scope(|scope| {
        for lane in numbers.chunks(numbers.len().div_ceil(LANES)) {
            let work = &work;
            scope.spawn(move || work(lane));
        }
    });
}
