//! TCP between two containers on a bridge.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::MIB_100;
use agent_tests::process::tcp_segments_sent_again;
use agent_tests::traffic::{Moved, send_100_mib, send_tcp};
use agent_tests::wait::wait_for_idle_machine;

use super::{MTU, compare_with_docker, exactly, idle, near, payload_and, start_agent};

/// IPv4 and TCP with timestamps.
const HEADER_BYTES: u64 = 52;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn tcp_between_bridged_containers_counts_alike_on_both_sides_and_as_docker_does() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let sender = idle(&docker, "sender", &[]);
    let third = idle(&docker, "third", &[]);
    let address = sink.address();
    wait_for_idle_machine();

    let [sent, received] = agent.moved([&sender, &sink], || send_100_mib(&sender, &address));
    let mut scenario = Scenario::new(
        "1",
        "100 MiB over TCP from one container to another, segmentation offload on",
    );
    scenario.counter("sent", sent.tx, Unit::Bytes, payload_and(MIB_100, 0.2));
    scenario.counter("received", received.rx, Unit::Bytes, payload_and(MIB_100, 0.2));
    scenario.counter("packets sent", sent.tx_packets, Unit::Count, Bound::Told);
    scenario.counter("segments sent", sent.tx_segments, Unit::Count, Bound::Told);
    let estimate = on_the_wire(&sent);
    scenario.counter("sent, with a header a segment", estimate, Unit::Bytes, Bound::Told);
    scenario.finish();

    let mut scenario = Scenario::new("2", "the transfer of no. 1, beside Docker's interface counters");
    compare_with_docker(&mut scenario, "sender", &sent);
    compare_with_docker(&mut scenario, "receiver", &received);
    scenario.finish();

    let [sent, received, nothing] = agent.moved([&sender, &sink, &third], || send_tcp(&sender, &address, MIB_100 / 2));
    let mut scenario = Scenario::new(
        "4",
        "50 MiB over TCP from one container to another, a third on the same bridge",
    );
    scenario.counter("sent", sent.tx, Unit::Bytes, payload_and(MIB_100 / 2, 0.2));
    scenario.counter("received, beside sent", received.rx, Unit::Bytes, near(sent.tx, 0.1));
    scenario.counter(
        "answers received, beside sent",
        sent.rx,
        Unit::Bytes,
        near(received.tx, 0.1),
    );
    scenario.counter("third container", nothing.rx + nothing.tx, Unit::Bytes, exactly(0));
    scenario.finish();

    // what `ethtool -K eth0 gso off tso off` does to TCP: no packet is more than one segment
    sender.in_network(&["ip", "link", "set", "dev", "eth0", "gso_max_segs", "1"]);
    let again = tcp_segments_sent_again(sender.pid());
    let [cut] = agent.moved([&sender], || send_100_mib(&sender, &address));
    let sent_once = cut.tx - (tcp_segments_sent_again(sender.pid()) - again) * MTU;
    let mut scenario = Scenario::new("1b", "the transfer of no. 1, segmentation offload off");
    let more = |percent: f64| 104_857_600.0 * (1.0 + percent / 100.0);
    let what = "sent, less what was sent again";
    scenario.counter(what, sent_once, Unit::Bytes, Bound::Between(more(3.5), more(4.5)));
    let further = cut.tx_segments - cut.tx_packets;
    scenario.counter("segments beyond one a packet", further, Unit::Count, exactly(0));
    scenario.counter(
        "estimate of no. 1, beside sent",
        estimate,
        Unit::Bytes,
        near(sent_once, 0.2),
    );
    scenario.finish();
}

/// What the segments of the packets take, each with headers of its own.
fn on_the_wire(sent: &Moved) -> u64 {
    sent.tx + (sent.tx_segments - sent.tx_packets) * HEADER_BYTES
}
