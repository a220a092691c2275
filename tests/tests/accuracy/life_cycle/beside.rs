//! Another accountant at a container's cgroup.

use agent_tests::accuracy::{Scenario, Unit};
use agent_tests::cgroup::v2_dir;
use agent_tests::docker::PrivateDocker;
use agent_tests::programs::accountant::Accountant;
use agent_tests::traffic::send_tcp;

use super::send;
use crate::parts::{near, start_agent};

const BYTES: u64 = 20 << 20;

/// As `IPAccounting=yes` of systemd has it: both count every packet, and neither takes the other's place.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn an_accountant_of_systemds_kind_counts_the_same() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let container = docker.run("accounted", &[], &["tcp-sink", "--port", "5201"]);
    let peer = docker.run("peer", &[], &["tcp-sink", "--port", "5201"]);
    let to = format!("{}:5202", sink.address());
    agent.settled_network(&container.id);
    let other = Accountant::attach(&v2_dir(&container.id));
    let [moved] = agent.moved([&container], || {
        send(&v2_dir(&container.id), &container, &to, 5000);
        send_tcp(&container, &peer.address(), BYTES);
        send_tcp(&peer, &container.address(), BYTES);
    });
    let (sent, received) = (other.sent(), other.received());

    let mut scenario = Scenario::new(
        "33",
        "5,000 UDP packets and 20 MiB of TCP in each direction, beside a program of systemd's kind at the same cgroup",
    );
    for (what, ours, theirs, unit) in [
        ("bytes sent", moved.tx, sent.bytes, Unit::Bytes),
        ("packets sent", moved.tx_packets, sent.packets, Unit::Count),
        ("bytes received", moved.rx, received.bytes, Unit::Bytes),
        ("packets received", moved.rx_packets, received.packets, Unit::Count),
    ] {
        scenario.counter(&format!("{what}, beside its own"), ours, unit, near(theirs, 0.0));
    }
    scenario.finish();
}
