//! Identity of cgroups, room in the maps, start and end of the agent.

mod beside;
mod containers;
mod elsewhere;
mod full_map;
mod given_back;
mod nested;
mod odd_packets;
mod privileges;
mod refresh;
mod restart;
mod self_cost;

use std::path::Path;
use std::time::Duration;

use agent_tests::agent::Agent;
use agent_tests::docker::Container;
use agent_tests::wait::wait_until;
use agent_tests::{binaries, cgroup};

/// A datagram with the headers of UDP and IP.
const PACKET_BYTES: u64 = 1000;
/// Entries are given back every 10 s, once their counters have stood still.
const GIVEN_BACK_DEADLINE: Duration = Duration::from_secs(30);

/// A figure of `GET /status` about the agent itself.
#[track_caller]
fn health(agent: &Agent, field: &str) -> u64 {
    let status = agent.get("/status").must_be(200).json();
    status["agent"][field].as_u64().expect("the agent tells it")
}

/// Runs the workload in a container's network and in the cgroup of `dir`, to its end; gives its standard output.
#[track_caller]
fn run_in(dir: &Path, container: &Container<'_>, words: &[&str]) -> String {
    let (join, workload) = (cgroup::enter(dir), binaries::workload().display().to_string());
    let mut all: Vec<&str> = join.iter().map(String::as_str).collect();
    all.push(&workload);
    all.extend(words);
    container.in_network(&all)
}

/// Sends `count` packets of [`PACKET_BYTES`] from that cgroup.
#[track_caller]
fn send(dir: &Path, container: &Container<'_>, to: &str, count: u64) {
    let count = count.to_string();
    run_in(
        dir,
        container,
        &["udp-send", "--to", to, "--count", &count, "--size", "972"],
    );
}

/// A figure that has stood still for some seconds.
#[track_caller]
fn settled(figure: impl Fn() -> u64) -> u64 {
    const STILL: Duration = Duration::from_secs(5);
    let mut last = figure();
    let mut still_since = std::time::Instant::now();
    wait_until("a figure to stand still", 3 * GIVEN_BACK_DEADLINE, || {
        let now = figure();
        if now != last {
            (last, still_since) = (now, std::time::Instant::now());
        }
        (still_since.elapsed() >= STILL)
            .then_some(now)
            .ok_or_else(|| now.to_string())
    })
}
