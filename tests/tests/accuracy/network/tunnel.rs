//! A tunnel inside a container: the packet in it and the packet around it are one.

use agent_tests::accuracy::{Scenario, Unit};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::MIB_100;
use agent_tests::traffic::send_tcp;

use super::{idle, near, nearly, start_agent};

const BYTES: u64 = MIB_100 / 2;
/// IPv4 and TCP with timestamps.
const INNER_BYTES: u64 = 52;
/// Ethernet, IPv4, UDP and VXLAN, and the Ethernet header inside.
const OUTER_BYTES: u64 = 14 + 20 + 8 + 8 + 14;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_goes_through_a_tunnel_counts_once() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let sender = idle(&docker, "sender", &[]);
    add_tunnel(&sink, &sender, "10.202.0.1/24");
    add_tunnel(&sender, &sink, "10.202.0.2/24");
    let [sent, received] = agent.moved([&sender, &sink], || send_tcp(&sender, "10.202.0.1", BYTES));

    let mut scenario = Scenario::new("16", "50 MiB over TCP through a VXLAN between two containers");
    let inner = |packets| BYTES + packets * INNER_BYTES;
    let what = "sent, beside payload and inner headers";
    scenario.counter(what, sent.tx, Unit::Bytes, near(inner(sent.tx_packets), 0.2));
    let what = "received, beside payload and inner headers";
    scenario.counter(what, received.rx, Unit::Bytes, near(inner(received.rx_packets), 0.2));
    let outer = sent.tx + OUTER_BYTES * sent.tx_packets;
    let what = "Docker's bytes sent, beside ours + 64 a packet";
    scenario.counter(what, sent.docker().tx, Unit::Bytes, nearly(outer));
    scenario.finish();
}

#[track_caller]
fn add_tunnel(from: &Container<'_>, to: &Container<'_>, inner: &str) {
    let (local, remote) = (from.address(), to.address());
    let mut words = vec![
        "ip", "link", "add", "tunnel", "type", "vxlan", "id", "42", "dstport", "4789",
    ];
    words.extend(["dev", "eth0", "local", &local, "remote", &remote]);
    from.in_network(&words);
    from.in_network(&["ip", "address", "add", inner, "dev", "tunnel"]);
    from.in_network(&["ip", "link", "set", "tunnel", "up"]);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn wireguard_is_not_shown() {
    let docker = PrivateDocker::start();
    let made = docker
        .netns()
        .attempt(&["ip", "link", "add", "wg0", "type", "wireguard"]);
    Scenario::not_tried(
        "16b",
        "the transfer of no. 16 through WireGuard",
        made.success.then_some("this machine's kernel has WireGuard"),
        "the test machine's kernel has no WireGuard",
    );
}
