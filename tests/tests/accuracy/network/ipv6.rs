//! TCP and UDP over IPv6.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::MIB_100;
use agent_tests::process::tcp_segments_sent_again;
use agent_tests::traffic::send_100_mib;
use agent_tests::wait::wait_for_idle_machine;

use super::{MTU, compare_with_docker, exactly, idle, payload_and, start_agent};

const NETWORK: &str = "six";
const SUBNET: &str = "fd00:5eed::/64";

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn ipv6_counts_as_ipv4_does() {
    let docker = PrivateDocker::start();
    docker.cli(&["network", "create", "--ipv6", "--subnet", SUBNET, NETWORK]);
    let agent = start_agent(&docker);
    let options = ["--network", NETWORK];
    let tcp_sink = docker.run("tcp-sink", &options, &["tcp-sink", "--on", "::", "--port", "5201"]);
    let udp_sink = docker.run("udp-sink", &options, &["udp-sink", "--on", "::", "--port", "5202"]);
    let sender = idle(&docker, "sender", &options);
    let [tcp_address, udp_address] =
        [&tcp_sink, &udp_sink].map(|sink| format!("[{}]", sink.address_on(NETWORK, "GlobalIPv6Address")));
    wait_for_idle_machine();

    let [sent, received] = agent.moved([&sender, &tcp_sink], || send_100_mib(&sender, &tcp_address));
    let mut scenario = Scenario::new("9", "100 MiB over TCP and IPv6, segmentation offload on");
    scenario.counter("sent", sent.tx, Unit::Bytes, payload_and(MIB_100, 0.2));
    scenario.counter("received", received.rx, Unit::Bytes, payload_and(MIB_100, 0.2));
    compare_with_docker(&mut scenario, "sender", &sent);
    scenario.finish();

    sender.in_network(&["ip", "link", "set", "dev", "eth0", "gso_max_segs", "1"]);
    let again = tcp_segments_sent_again(sender.pid());
    let [cut] = agent.moved([&sender], || send_100_mib(&sender, &tcp_address));
    let sent_once = cut.tx - (tcp_segments_sent_again(sender.pid()) - again) * MTU;
    let mut scenario = Scenario::new("9b", "100 MiB over TCP and IPv6, segmentation offload off");
    // 72 B of headers to 1,428 B of payload
    let more = |percent: f64| 104_857_600.0 * (1.0 + percent / 100.0);
    let what = "sent, less what was sent again";
    scenario.counter(what, sent_once, Unit::Bytes, Bound::Between(more(4.9), more(5.9)));
    scenario.finish();

    let to = format!("{udp_address}:5202");
    let datagrams = |count: &str| {
        agent.moved([&sender, &udp_sink], || {
            sender.exec(&["udp-send", "--to", &to, "--count", count, "--size", "1000"]);
        })
    };
    for container in [&sender, &udp_sink] {
        ask_nothing_by_itself(container);
    }
    know_each_other(&sender, &udp_sink);
    know_each_other(&udp_sink, &sender);
    let [sent, received] = datagrams("10000");
    let mut scenario = Scenario::new("9c", "10,000 UDP datagrams of 1,000 B over IPv6");
    // 40 B of IP and 8 B of UDP header each
    scenario.counter("sent", sent.tx, Unit::Bytes, exactly(10_480_000));
    scenario.counter("packets sent", sent.tx_packets, Unit::Count, exactly(10_000));
    scenario.counter("received", received.rx, Unit::Bytes, exactly(10_480_000));
    scenario.finish();

    sender.in_network(&["ip", "-6", "neighbour", "flush", "dev", "eth0", "nud", "permanent"]);
    let [asked, answered] = datagrams("1");
    let mut scenario = Scenario::new(
        "9d",
        "one UDP datagram of 1,000 B to an IPv6 neighbour that is not known yet",
    );
    scenario.counter(
        "sent, with the question who it is",
        asked.tx,
        Unit::Bytes,
        exactly(1048 + 72),
    );
    scenario.counter("received", answered.rx, Unit::Bytes, exactly(1048));
    scenario.counter(
        "the answer to the question: sent",
        answered.tx,
        Unit::Bytes,
        exactly(72),
    );
    scenario.counter(
        "the answer to the question: received",
        asked.rx,
        Unit::Bytes,
        exactly(0),
    );
    scenario.finish();
}

/// Without the kernel's search for a router, which has its own times.
#[track_caller]
fn ask_nothing_by_itself(container: &Container<'_>) {
    let off = "echo 0 > /proc/sys/net/ipv6/conf/eth0/router_solicitations";
    container.in_network(&["sh", "-c", off]);
}

/// Fixes a neighbour, so that the kernel never asks for it.
#[track_caller]
fn know_each_other(who: &Container<'_>, whom: &Container<'_>) {
    let address = whom.address_on(NETWORK, "GlobalIPv6Address");
    let station = whom.address_on(NETWORK, "MacAddress");
    let words = ["ip", "-6", "neighbour", "replace", &address, "lladdr", &station];
    who.in_network(&[&words[..], &["nud", "permanent", "dev", "eth0"]].concat());
}
