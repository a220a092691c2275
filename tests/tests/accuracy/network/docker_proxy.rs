//! A published port that the engine's own proxy serves.

use agent_tests::accuracy::{Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::MIB_100;
use agent_tests::traffic::send_tcp;

use super::{exactly, idle, payload_and, start_agent};

const BYTES: u64 = MIB_100 / 2;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_comes_through_dockers_proxy_counts_once() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let server = docker.run("server", &["--publish", "5201:5201"], &["tcp-sink", "--port", "5201"]);
    let client = idle(&docker, "client", &["--network", "host"]);
    let third = idle(&docker, "third", &[]);
    // on the host's loopback no address is rewritten: the proxy listens there
    let [received, sent, nothing] = agent.moved([&server, &client, &third], || send_tcp(&client, "127.0.0.1", BYTES));

    let mut scenario = Scenario::new(
        "12",
        "50 MiB to a published port on 127.0.0.1, which Docker's proxy passes on",
    );
    scenario.counter("received", received.rx, Unit::Bytes, payload_and(BYTES, 0.5));
    scenario.counter(
        "sent over the host's loopback",
        sent.loopback_tx,
        Unit::Bytes,
        payload_and(BYTES, 0.3),
    );
    scenario.counter("sent otherwise", sent.tx, Unit::Bytes, exactly(0));
    scenario.counter("third container", nothing.rx + nothing.tx, Unit::Bytes, exactly(0));
    scenario.finish();
}
