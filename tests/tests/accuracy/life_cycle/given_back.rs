//! Cgroups come and go by the thousands; their entries in the maps go too, and nobody's figures change.

use std::path::Path;
use std::time::Instant;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::binaries;
use agent_tests::cgroup::{ChildCgroup, OwnCgroup, v2_dir};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::wait::wait_until;

use super::{GIVEN_BACK_DEADLINE, health, send, settled};
use crate::parts::{exactly, idle, quick_agent};

/// Below a container, and as many that are nobody's.
const CGROUPS: u64 = 10_000;
/// 72 B of payload, 8 B of UDP and 20 B of IP header.
const PACKET_BYTES: u64 = 100;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn twenty_thousand_cgroups_leave_no_entry_and_change_nobodys_figures() {
    let docker = PrivateDocker::start();
    // room for all of them at once
    let agent = quick_agent(&docker).args(&["--max-containers", "12000"]).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let owner = idle(&docker, "owner", &[]);
    let bystander = idle(&docker, "bystander", &[]);
    let to = format!("{}:5202", sink.address());
    send(&v2_dir(&bystander.id), &bystander, &to, 10);
    let before = agent.settled_network(&owner.id).counters.tx();
    let entries = settled(|| health(&agent, "map_entries"));

    let below = ChildCgroup::create(&owner.id, "below");
    let outside = OwnCgroup::create("balancer-test-outside");
    let start = Instant::now();
    let mut made = 0;
    let [by_owner, by_bystander, received] = agent.moved([&owner, &bystander, &sink], || {
        made = [below.dir(), outside.dir()]
            .map(|dir| come_and_go(&owner, dir, &to))
            .iter()
            .sum();
    });
    let took = start.elapsed();
    let most = health(&agent, "map_entries");
    below.remove();
    drop(outside);
    let beyond = || health(&agent, "map_entries").saturating_sub(entries);
    wait_until("entries to be given back", GIVEN_BACK_DEADLINE, || {
        let beyond = beyond();
        (beyond == 0).then_some(()).ok_or_else(|| format!("{beyond} too many"))
    });
    let after = agent.settled_network(&owner.id).counters.tx();

    let mut scenario = Scenario::new(
        "29",
        "20,000 cgroups are made, joined, send a packet of 100 B and are removed, half of them below a container's",
    );
    scenario.counter("made and removed", made, Unit::Count, exactly(2 * CGROUPS));
    scenario.number("that took", took.as_secs_f64(), Unit::Seconds, Bound::Told);
    scenario.counter("entries in the map then", most, Unit::Count, Bound::Told);
    scenario.counter(
        "sent by the container",
        by_owner.tx,
        Unit::Bytes,
        exactly(CGROUPS * PACKET_BYTES),
    );
    let other = by_bystander.tx + by_bystander.rx;
    scenario.counter("another container that has figures", other, Unit::Bytes, exactly(0));
    scenario.counter(
        "received by the sink",
        received.rx,
        Unit::Bytes,
        exactly(2 * CGROUPS * PACKET_BYTES),
    );
    scenario.counter("entries that stay", beyond(), Unit::Count, exactly(0));
    scenario.counter(
        "sent by the container, when their entries are given back",
        after - before,
        Unit::Bytes,
        exactly(CGROUPS * PACKET_BYTES),
    );
    scenario.counter("updates lost", health(&agent, "lost_updates"), Unit::Count, exactly(0));
    scenario.finish();
}

/// From the container's network, whosever the cgroups are; gives how many there were.
#[track_caller]
fn come_and_go(container: &Container<'_>, below: &Path, to: &str) -> u64 {
    let (workload, below) = (binaries::workload().display().to_string(), below.display().to_string());
    let count = CGROUPS.to_string();
    let said = container.in_network(&[&workload, "cgroups", "--below", &below, "--count", &count, "--to", to]);
    let made = said.strip_prefix("made ").and_then(|made| made.parse().ok());
    made.expect("it says how many it made")
}
