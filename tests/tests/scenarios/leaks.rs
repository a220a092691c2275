//! Containers come and go; what the agent keeps of them goes too, and nobody inherits another's figures.

use std::thread;
use std::time::Duration;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::PrivateDocker;
use agent_tests::process::open_files;
use agent_tests::wait::wait_until;
use serde_json::Value;

const CONTAINERS: usize = 200;
/// As many at a time as a small machine carries.
const AT_ONCE: usize = 40;
const LANES: usize = 4;
/// 72 B of payload, 8 B of UDP and 20 B of IP header.
const PACKET_BYTES: u64 = 100;
const GIVEN_BACK_DEADLINE: Duration = Duration::from_secs(20);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn two_hundred_containers_leave_no_entry_and_no_open_file_and_share_no_figure() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let receiver = docker.run("receiver", &[], &["udp-sink", "--port", "5202"]);
    agent.samples(&receiver.id, 2);
    let to = format!("{}:5202", receiver.address());
    let (entries, files) = (settled(|| map_entries(&agent)), settled(|| open_files(agent.pid)));
    println!("before: {entries} map entries, {files} open files");

    for first in (0..CONTAINERS).step_by(AT_ONCE) {
        one_round(&docker, &agent, &to, first..first + AT_ONCE);
    }
    wait_until(
        "map entries and open files to be given back",
        GIVEN_BACK_DEADLINE,
        || {
            let (entries_now, files_now) = (map_entries(&agent), open_files(agent.pid));
            let back = entries_now <= entries && files_now <= files;
            back.then_some(())
                .ok_or_else(|| format!("{entries_now} map entries, {files_now} open files"))
        },
    );
    let status = agent.get("/status").json();
    assert_eq!(status["agent"]["lost_updates"], 0, "{status}");
}

/// Starts containers that each send a number of packets of their own, checks each one's figures, removes all.
#[track_caller]
fn one_round(docker: &PrivateDocker, agent: &Agent, to: &str, numbers: std::ops::Range<usize>) {
    let numbers: Vec<usize> = numbers.collect();
    let lane = |numbers: &[usize]| {
        for number in numbers {
            let name = format!("many-{number}");
            let container = docker.run(&name, &[], &["serve"]);
            let count = packets(*number).to_string();
            container.exec(&["udp-send", "--to", to, "--count", &count, "--size", "72"]);
        }
    };
    in_lanes(&numbers, lane);
    for number in &numbers {
        let name = format!("many-{number}");
        let expected = packets(*number) * PACKET_BYTES;
        let sample = wait_until(&format!("{expected} B sent by {name}"), GIVEN_BACK_DEADLINE, || {
            let sample = agent.try_sample(&name)?;
            let all = sample.counters.tx() >= expected;
            if all {
                Ok(sample)
            } else {
                Err(format!("{:?}", sample.counters))
            }
        });
        assert_eq!(sample.counters.tx(), expected, "{name} has what another sent");
        let figures = [sample.cpu, sample.net.rx, sample.net.tx];
        assert!(figures.iter().all(|figure| *figure >= 0.0), "{name}: {sample:?}");
    }
    let remove = |numbers: &[usize]| {
        let names: Vec<String> = numbers.iter().map(|number| format!("many-{number}")).collect();
        let mut words = vec!["rm", "--force"];
        words.extend(names.iter().map(String::as_str));
        docker.cli(&words);
    };
    in_lanes(&numbers, remove);
}

/// No two containers of a round alike, and none like a container that sent nothing.
fn packets(number: usize) -> u64 {
    u64::try_from(number).expect("a small number") + 1
}

fn in_lanes(numbers: &[usize], work: impl Fn(&[usize]) + Sync) {
    thread::scope(|scope| {
        for lane in numbers.chunks(numbers.len().div_ceil(LANES)) {
            let work = &work;
            scope.spawn(move || work(lane));
        }
    });
}

#[track_caller]
fn map_entries(agent: &Agent) -> usize {
    let status = agent.get("/status").must_be(200).json();
    let entries = status.pointer("/agent/map_entries").and_then(Value::as_u64);
    let entries = entries.unwrap_or_else(|| panic!("no map_entries: {status}"));
    usize::try_from(entries).expect("a small number")
}

/// A figure that has stood still for two seconds.
#[track_caller]
fn settled(figure: impl Fn() -> usize) -> usize {
    let mut last = figure();
    let mut still_since = std::time::Instant::now();
    wait_until("a figure to stand still", 3 * GIVEN_BACK_DEADLINE, || {
        let now = figure();
        if now != last {
            (last, still_since) = (now, std::time::Instant::now());
        }
        let still = still_since.elapsed() >= Duration::from_secs(5);
        still.then_some(now).ok_or_else(|| now.to_string())
    })
}
