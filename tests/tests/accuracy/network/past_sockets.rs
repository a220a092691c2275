//! Packets that belong to no IP socket of the container, and what that leaves out.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::command::find_program;
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::as_f64;

use super::{exactly, start_agent, with_busybox};

/// 20 B of IP, 8 B of ICMP and 56 B of payload each.
const PINGS_BYTES: u64 = 100 * 84;
const FRAMED_BYTES: u64 = 100 * 98;
/// Address resolution, a few times.
const ARP_BYTES: u64 = 300;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_belongs_to_no_ip_socket_is_not_counted() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let container = with_busybox(&docker, "pinged", &[]);
    let gateway = container.inspect("/NetworkSettings/Networks/bridge/Gateway");
    let gateway = gateway.as_str().expect("a bridged container has a gateway");

    let [moved] = agent.moved([&container], || {
        container.exec_program(&["/busybox", "ping", "-q", "-A", "-c", "100", "-s", "56", gateway]);
    });
    let mut scenario = Scenario::new("8", "100 pings of 56 B from the container");
    scenario.counter("sent", moved.tx, Unit::Bytes, exactly(PINGS_BYTES));
    scenario.counter("received", moved.rx, Unit::Bytes, exactly(PINGS_BYTES));
    scenario.finish();

    let busybox = find_program("busybox")
        .expect("it is in the container too")
        .display()
        .to_string();
    let address = container.address();
    let [moved] = agent.moved([&container], || {
        docker
            .netns()
            .run(&[&busybox, "ping", "-q", "-A", "-c", "100", "-s", "56", &address]);
    });
    let mut scenario = Scenario::new("8b", "100 pings of 56 B to the container, which its kernel answers");
    scenario.counter("sent", moved.tx, Unit::Bytes, exactly(0));
    scenario.counter("received", moved.rx, Unit::Bytes, exactly(0));
    let framed = Bound::Between(as_f64(FRAMED_BYTES), as_f64(FRAMED_BYTES + ARP_BYTES));
    scenario.counter("Docker's bytes sent", moved.docker().tx, Unit::Bytes, framed);
    scenario.counter("Docker's bytes received", moved.docker().rx, Unit::Bytes, framed);
    scenario.finish();

    // no server is there: it asks three times and gives up
    let client = "/busybox udhcpc -f -n -q -t 3 -T 1 -i eth0 -s /busybox || true";
    let [moved] = agent.moved([&container], || {
        container.exec_program(&["/busybox", "sh", "-c", client]);
    });
    let mut scenario = Scenario::new(
        "8c",
        "a DHCP client, which sends 3 requests over a packet socket (AF_PACKET)",
    );
    scenario.counter("sent", moved.tx, Unit::Bytes, exactly(0));
    scenario.counter(
        "Docker's packets sent",
        moved.docker().tx_packets,
        Unit::Count,
        Bound::AtLeast(3.0),
    );
    scenario.counter(
        "Docker's bytes sent",
        moved.docker().tx,
        Unit::Bytes,
        Bound::AtLeast(900.0),
    );
    scenario.finish();
}
