//! Loopback inside a container: counted, and told apart.

use std::thread;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::MIB_100;
use agent_tests::process::received_bytes;

use super::{idle, near, payload_and, start_agent};

/// The most that any sample may show meanwhile.
const MOST_PER_S: f64 = 10_240.0;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn loopback_inside_a_container_is_not_network_traffic() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let container = idle(&docker, "inward", &[]);
    let bytes = MIB_100.to_string();
    // 2 s, so that many samples fall into it
    let words = ["loopback", "--bytes", &bytes, "--rate", "52428800"];
    let mut highest = 0.0_f64;
    let interface = || received_bytes(container.pid(), "lo");
    let before = interface();
    let [moved] = agent.moved([&container], || {
        let mut sample = agent.sample(&container.id);
        thread::scope(|scope| {
            let transfer = scope.spawn(|| container.exec(&words));
            let mut after_the_end = 0;
            while after_the_end < 2 {
                after_the_end += u32::from(transfer.is_finished());
                sample = agent.sample_after(&container.id, &sample);
                highest = highest.max(sample.net.rx).max(sample.net.tx);
            }
            transfer.join().expect("the transfer succeeds");
        });
    });
    let by_interface = interface() - before;
    let mut scenario = Scenario::new("3", "100 MiB over 127.0.0.1 inside a container");
    // so the traffic was seen, and told apart
    scenario.counter(
        "sent over loopback",
        moved.loopback_tx,
        Unit::Bytes,
        payload_and(MIB_100, 0.3),
    );
    // what is sent with room for two segments is cut behind the place where it is counted, and each gets a header
    let received = moved.loopback_rx;
    scenario.counter(
        "received, beside sent",
        received,
        Unit::Bytes,
        near(moved.loopback_tx, 0.05),
    );
    scenario.counter(
        "received, beside the interface",
        received,
        Unit::Bytes,
        near(by_interface, 0.0),
    );
    scenario.counter(
        "over any other interface",
        moved.rx + moved.tx,
        Unit::Bytes,
        Bound::AtMost(4096.0),
    );
    scenario.number(
        "highest rate of a sample, in B/s",
        highest,
        Unit::Bytes,
        Bound::AtMost(MOST_PER_S),
    );
    let docker = moved.docker();
    scenario.counter(
        "Docker's bytes",
        docker.rx + docker.tx,
        Unit::Bytes,
        Bound::AtMost(4096.0),
    );
    scenario.finish();
}
