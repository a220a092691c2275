//! What a listener sends and receives before there is a connection.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::as_f64;

use super::{compare_with_docker, idle, near, start_agent};

const CONNECTIONS: u64 = 1000;
/// IPv4, TCP with its options: timestamps, and in a SYN also MSS, SACK and the window's scale.
const SYN_BYTES: u64 = 60;
const ACK_BYTES: u64 = 52;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_handshake_counts_to_the_listener() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let listener = docker.run("listener", &[], &["tcp-sink", "--port", "5201"]);
    let client = idle(&docker, "client", &[]);
    let (to, count) = (format!("{}:5201", listener.address()), CONNECTIONS.to_string());
    let [asked, answered] = agent.moved([&client, &listener], || {
        client.exec(&["connect", "--to", &to, "--count", &count]);
    });

    let mut scenario = Scenario::new(
        "10",
        "1,000 TCP connections, opened and closed without a byte of payload",
    );
    // SYN, ACK, FIN, and the ACK of the other's FIN
    let of_client = CONNECTIONS * (SYN_BYTES + 3 * ACK_BYTES);
    // A FIN that is sent again meets a socket in TIME_WAIT, of which the kernel shows the programs neither what arrives
    // nor the acknowledgement that it sends: a few connections in a thousand, where the machine is slow to close.
    let but_for_time_wait = |bytes| near(bytes, 0.5);
    scenario.counter("client sent", asked.tx, Unit::Bytes, but_for_time_wait(of_client));
    scenario.counter(
        "listener received",
        answered.rx,
        Unit::Bytes,
        but_for_time_wait(of_client),
    );
    // SYN-ACK and FIN; the ACK of the other's FIN goes with its own, or alone where it was slow to close
    let of_listener = |packets| as_f64(CONNECTIONS * (SYN_BYTES + packets * ACK_BYTES));
    let with_syn_ack = Bound::Between(of_listener(1), of_listener(2));
    scenario.counter(
        "listener sent, SYN-ACK included",
        answered.tx,
        Unit::Bytes,
        with_syn_ack,
    );
    scenario.counter(
        "client received, beside that",
        asked.rx,
        Unit::Bytes,
        but_for_time_wait(answered.tx),
    );
    compare_with_docker(&mut scenario, "listener", &answered);
    scenario.finish();
}
