//! Bytes and packets: each container's own, to the byte where the kernel allows it.

use std::thread;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::{MIB_100, as_f64, assert_close};
use agent_tests::sample::Counters;
use agent_tests::traffic::{interface_bytes, send_100_mib};
use agent_tests::wait::wait_for_idle_machine;

/// The Ethernet header, which Docker's interface counters include.
const ETHERNET_BYTES: u64 = 14;
/// What an idle container may show: nobody sends it anything.
const IDLE_BYTES: u64 = 4096;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn tcp_between_bridged_containers_counts_alike_on_both_sides_and_as_docker_does() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let sender = docker.run("sender", &[], &["sleep", "--seconds", "300"]);
    wait_for_idle_machine();
    send_100_mib(&sender, &sink.address());

    let sent = agent.settled_network(&sender.id).counters;
    let received = agent.settled_network(&sink.id).counters;
    assert_transfer(&sent, &received);
    for (container, ours) in [(&sender, &sent), (&sink, &received)] {
        let docker_says = interface_bytes(container).expect("a bridged container has an interface");
        let framed = |bytes: u64, packets: Option<u64>| bytes + ETHERNET_BYTES * packets.expect("packets are measured");
        let rx = framed(ours.rx(), ours.rx_packets);
        let tx = framed(ours.tx(), ours.tx_packets);
        assert_close(
            &format!("{} received", container.name),
            docker_says.rx,
            rx,
            0.001,
            8192.0,
        );
        assert_close(&format!("{} sent", container.name), docker_says.tx, tx, 0.001, 8192.0);
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn tcp_of_a_host_network_container_is_its_own_and_docker_shows_none() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let sender = docker.run("on-host", &["--network", "host"], &["sleep", "--seconds", "300"]);
    let neighbour = docker.run("too-on-host", &["--network", "host"], &["sleep", "--seconds", "300"]);
    wait_for_idle_machine();
    send_100_mib(&sender, &sink.address());

    let sent = agent.settled_network(&sender.id).counters;
    let received = agent.settled_network(&sink.id).counters;
    assert_transfer(&sent, &received);
    assert_idle(&agent, &neighbour);
    assert!(interface_bytes(&sender).is_none(), "{}", sender.stats());
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn tcp_of_a_container_in_anothers_network_is_its_own_which_docker_cannot_tell() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let owner = docker.run("owner", &[], &["sleep", "--seconds", "300"]);
    let guest = docker.run(
        "guest",
        &["--network", "container:owner"],
        &["sleep", "--seconds", "300"],
    );
    wait_for_idle_machine();
    send_100_mib(&guest, &sink.address());

    let sent = agent.settled_network(&guest.id).counters;
    let received = agent.settled_network(&sink.id).counters;
    assert_transfer(&sent, &received);
    assert_idle(&agent, &owner);
    // Docker knows the shared interface only, and shows all of it for either
    for container in [&owner, &guest] {
        let shown = interface_bytes(container).expect("the owner's interface");
        assert_close(
            &format!("{} by Docker", container.name),
            shown.tx,
            sent.tx(),
            0.001,
            8192.0,
        );
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn loopback_inside_a_container_is_not_network_traffic() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let container = docker.run("inward", &[], &["sleep", "--seconds", "300"]);
    let mut sample = agent.sample(&container.id);
    let bytes = MIB_100.to_string();
    // 5 s, so that several samples fall into it
    let words = ["loopback", "--bytes", &bytes, "--rate", "20971520"];
    thread::scope(|scope| {
        let transfer = scope.spawn(|| container.exec(&words));
        let mut after_the_end = 0;
        while after_the_end < 2 {
            after_the_end += u32::from(transfer.is_finished());
            sample = agent.sample_after(&container.id, &sample);
            println!("{:?}", sample.net);
            assert!(sample.net.rx < 10_240.0 && sample.net.tx < 10_240.0, "{:?}", sample.net);
        }
        transfer.join().expect("the transfer succeeds");
    });
    // so the traffic was seen, and told apart
    let on_loopback = sample.counters;
    for bytes in [on_loopback.loopback_rx_bytes, on_loopback.loopback_tx_bytes] {
        assert!(bytes.is_some_and(|bytes| bytes >= MIB_100), "{on_loopback:?}");
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn udp_counts_exactly() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let sender = docker.run("sender", &[], &["sleep", "--seconds", "300"]);
    let before = [agent.settled_network(&sender.id), agent.settled_network(&sink.id)];
    let to = format!("{}:5202", sink.address());
    sender.exec(&["udp-send", "--to", &to, "--count", "10000", "--size", "1000"]);

    let after = [agent.settled_network(&sender.id), agent.settled_network(&sink.id)];
    let [sent, received] = [0, 1].map(|side| (before[side].counters, after[side].counters));
    let mut scenario = Scenario::new("5", "10,000 UDP datagrams of 1,000 B from one container to another");
    let bytes = Bound::Exactly(10_280_000.0); // 20 B of IP and 8 B of UDP header each
    let count = Bound::Exactly(10_000.0);
    scenario.counter("sent", sent.1.tx() - sent.0.tx(), Unit::Bytes, bytes);
    let packets_sent = packets(sent.1.tx_packets) - packets(sent.0.tx_packets);
    scenario.counter("packets sent", packets_sent, Unit::Count, count);
    scenario.counter("received", received.1.rx() - received.0.rx(), Unit::Bytes, bytes);
    let packets_received = packets(received.1.rx_packets) - packets(received.0.rx_packets);
    scenario.counter("packets received", packets_received, Unit::Count, count);
    scenario.counter("answers", sent.1.rx() - sent.0.rx(), Unit::Bytes, Bound::Exactly(0.0));
    scenario.finish();
}

/// Rates, not only sums: a steady stream reads as its pace in each sample.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_steady_stream_reads_as_its_rate() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let to = format!("{}:5202", sink.address());
    // 972 B and 28 B of headers, 2,000 times a second: 2,000,000 B/s
    let words = [
        "udp-send", "--to", &to, "--count", "60000", "--size", "972", "--rate", "2000",
    ];
    let sender = docker.run("sender", &[], &words);
    for sample in agent.samples(&sender.id, 8) {
        println!("{:?}", sample.net);
        assert!((sample.net.tx - 2_000_000.0).abs() <= 40_000.0, "{:?}", sample.net);
    }
}

#[track_caller]
fn assert_transfer(sent: &Counters, received: &Counters) {
    assert_close("received against sent", received.rx(), sent.tx(), 0.001, 0.0);
    for bytes in [sent.tx(), received.rx()] {
        let most = as_f64(MIB_100) * 1.005;
        assert!(
            bytes >= MIB_100 && as_f64(bytes) <= most,
            "{bytes} is not in [100 MiB, +0.5 %]"
        );
    }
}

#[track_caller]
fn assert_idle(agent: &Agent, container: &Container<'_>) {
    let counters = agent.sample(&container.id).counters;
    let bytes = counters.rx() + counters.tx();
    assert!(
        bytes <= IDLE_BYTES,
        "{} shows traffic of another: {counters:?}",
        container.name
    );
}

#[track_caller]
fn packets(count: Option<u64>) -> u64 {
    count.expect("packets are measured")
}
