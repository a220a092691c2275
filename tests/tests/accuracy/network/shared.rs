//! Containers without a network of their own: each has its figures all the same.

use agent_tests::accuracy::{Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::MIB_100;
use agent_tests::traffic::{interface_bytes, send_100_mib, send_tcp};
use agent_tests::wait::wait_for_idle_machine;

use super::{docker_shows, exactly, idle, near, nearly, payload_and, start_agent};

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_container_without_a_network_of_its_own_has_figures_of_its_own() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let sender = idle(&docker, "on-host", &["--network", "host"]);
    let neighbour = idle(&docker, "too-on-host", &["--network", "host"]);
    let owner = idle(&docker, "owner", &[]);
    let guest = idle(&docker, "guest", &["--network", "container:owner"]);
    let address = sink.address();
    wait_for_idle_machine();

    let [sent, received, nothing] = agent.moved([&sender, &sink, &neighbour], || send_100_mib(&sender, &address));
    let mut scenario = Scenario::new("11", "100 MiB over TCP from a container on the host's network");
    scenario.counter("sent", sent.tx, Unit::Bytes, payload_and(MIB_100, 0.2));
    scenario.counter("received, beside sent", received.rx, Unit::Bytes, near(sent.tx, 0.1));
    let other = nothing.rx + nothing.tx;
    scenario.counter(
        "another container on the host's network",
        other,
        Unit::Bytes,
        exactly(0),
    );
    scenario.text("Docker shows", docker_shows(&sender), "no network");
    scenario.finish();

    let bytes = MIB_100 / 4;
    let [by_guest, by_owner] = agent.moved([&guest, &owner], || {
        send_tcp(&guest, &address, 3 * bytes);
        send_tcp(&owner, &address, bytes);
    });
    let mut scenario = Scenario::new(
        "11b",
        "75 MiB from a container in the network of another, and 25 MiB from that one",
    );
    scenario.counter(
        "sent by the guest",
        by_guest.tx,
        Unit::Bytes,
        payload_and(3 * bytes, 0.2),
    );
    scenario.counter("sent by the owner", by_owner.tx, Unit::Bytes, payload_and(bytes, 0.2));
    let [rx, tx] = [
        by_guest.rx_framed() + by_owner.rx_framed(),
        by_guest.tx_framed() + by_owner.tx_framed(),
    ];
    // Docker knows the shared interface only
    let shown = by_owner.docker();
    scenario.counter(
        "Docker's bytes sent, beside both + 14 a packet",
        shown.tx,
        Unit::Bytes,
        nearly(tx),
    );
    scenario.counter(
        "Docker's bytes received, beside both + 14 a packet",
        shown.rx,
        Unit::Bytes,
        nearly(rx),
    );
    let guest_shown = interface_bytes(&guest).map_or("nothing", |_| "the interface of the owner");
    println!("Docker shows {guest_shown} for the guest");
    scenario.finish();
}
