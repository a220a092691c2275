//! A container that passes on what others send.

use std::path::Path;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::{MIB_100, as_f64};
use agent_tests::traffic::send_tcp;

use super::{exactly, idle, payload_and, start_agent};

const FORWARDED_BYTES: u64 = MIB_100 / 2;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_container_that_forwards_is_not_charged_for_it() {
    let docker = PrivateDocker::start();
    let subnets = ["10.201.1.0/24", "10.201.2.0/24"];
    for (name, subnet) in ["one", "two"].into_iter().zip(subnets) {
        docker.cli(&["network", "create", "--subnet", subnet, name]);
    }
    // the engine's rules against reaching a container from another network would drop what the router passes on
    let bridges_filter = "/proc/sys/net/bridge/bridge-nf-call-iptables";
    if Path::new(bridges_filter).exists() {
        docker.netns().run(&["sh", "-c", &format!("echo 0 > {bridges_filter}")]);
    }
    let agent = start_agent(&docker);
    let forward = [
        "--network",
        "one",
        "--ip",
        "10.201.1.9",
        "--sysctl",
        "net.ipv4.ip_forward=1",
    ];
    let router = idle(&docker, "router", &forward);
    docker.cli(&["network", "connect", "--ip", "10.201.2.9", "two", &router.id]);
    let sender = idle(&docker, "sender", &["--network", "one"]);
    let at = ["--network", "two", "--ip", "10.201.2.5"];
    let sink = docker.run("sink", &at, &["tcp-sink", "--port", "5201"]);
    sender.in_network(&["ip", "route", "add", subnets[1], "via", "10.201.1.9"]);
    sink.in_network(&["ip", "route", "add", subnets[0], "via", "10.201.2.9"]);

    let [sent, passed, received] = agent.moved([&sender, &router, &sink], || {
        send_tcp(&sender, "10.201.2.5", FORWARDED_BYTES);
    });
    let mut scenario = Scenario::new(
        "13",
        "50 MiB over TCP through a container that routes between two networks",
    );
    scenario.counter(
        "sent by the sender",
        sent.tx,
        Unit::Bytes,
        payload_and(FORWARDED_BYTES, 0.2),
    );
    scenario.counter(
        "received by the sink",
        received.rx,
        Unit::Bytes,
        payload_and(FORWARDED_BYTES, 0.2),
    );
    scenario.counter("router", passed.rx + passed.tx, Unit::Bytes, exactly(0));
    let shown = passed.docker().rx + passed.docker().tx;
    // in and out; the answers too
    let twice = as_f64(2 * FORWARDED_BYTES);
    scenario.counter(
        "Docker's bytes of the router",
        shown,
        Unit::Bytes,
        Bound::Between(twice, twice * 1.02),
    );
    scenario.finish();
}
