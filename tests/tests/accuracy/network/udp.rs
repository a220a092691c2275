//! UDP: what is sent is known to the byte.

use agent_tests::accuracy::{Scenario, Unit};
use agent_tests::docker::PrivateDocker;

use super::{compare_with_docker, exactly, idle, start_agent};

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn udp_counts_exactly() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let sender = idle(&docker, "sender", &[]);
    let to = format!("{}:5202", sink.address());
    let datagrams = |words: &[&str]| {
        let all = [&["udp-send", "--to", &to], words].concat();
        agent.moved([&sender, &sink], || {
            sender.exec(&all);
        })
    };

    let [sent, received] = datagrams(&["--count", "10000", "--size", "1000"]);
    let mut scenario = Scenario::new("5", "10,000 UDP datagrams of 1,000 B from one container to another");
    // 20 B of IP and 8 B of UDP header each
    scenario.counter("sent", sent.tx, Unit::Bytes, exactly(10_280_000));
    scenario.counter("packets sent", sent.tx_packets, Unit::Count, exactly(10_000));
    scenario.counter("received", received.rx, Unit::Bytes, exactly(10_280_000));
    scenario.counter("packets received", received.rx_packets, Unit::Count, exactly(10_000));
    scenario.counter("answers", sent.rx + received.tx, Unit::Bytes, exactly(0));
    compare_with_docker(&mut scenario, "sender", &sent);
    scenario.finish();

    let [sent, received] = datagrams(&["--count", "1", "--size", "64000", "--segment", "1000"]);
    let mut scenario = Scenario::new(
        "6",
        "one send of 64,000 B that the kernel cuts into UDP datagrams of 1,000 B",
    );
    scenario.counter("sent", sent.tx, Unit::Bytes, exactly(64_028));
    scenario.counter("packets sent", sent.tx_packets, Unit::Count, exactly(1));
    scenario.counter("segments sent", sent.tx_segments, Unit::Count, exactly(64));
    // the receiving socket asked for single datagrams, so they are cut before they are counted
    scenario.counter("received", received.rx, Unit::Bytes, exactly(64 * 1028));
    scenario.counter("packets received", received.rx_packets, Unit::Count, exactly(64));
    scenario.finish();

    let [sent, received] = datagrams(&["--count", "10", "--size", "8000"]);
    let mut scenario = Scenario::new(
        "7",
        "10 UDP datagrams of 8,000 B over an MTU of 1,500 B: 6 fragments each",
    );
    scenario.counter("sent", sent.tx, Unit::Bytes, exactly(80_280));
    scenario.counter("packets sent", sent.tx_packets, Unit::Count, exactly(10));
    scenario.counter("received", received.rx, Unit::Bytes, exactly(80_280));
    // 5 more IP headers and 6 Ethernet headers a datagram
    let interface = sent.tx + 10 * (5 * 20 + 6 * 14);
    scenario.counter("Docker's bytes sent", sent.docker().tx, Unit::Bytes, exactly(interface));
    scenario.finish();
}
