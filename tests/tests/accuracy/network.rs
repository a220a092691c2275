//! Bytes and packets: each container's own, to the byte where the kernel allows it.

mod docker_proxy;
mod dropped;
mod exact;
mod handshake;
mod ipv6;
mod loopback;
mod ownership;
mod past_sockets;
mod router;
mod shared;
mod short_lived;
mod steady;
mod tcp;
mod tunnel;
mod udp;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::command::find_program;
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::as_f64;
use agent_tests::traffic::{Moved, interface_bytes};

use crate::parts::{exactly, idle, near, start_agent};

/// The longest packet of a bridge's interface, and so of a segment that is sent again.
const MTU: u64 = 1500;
/// What a busy interface may carry besides: address resolution and the like.
const SLACK_BYTES: f64 = 8192.0;

/// [`idle`] with `/busybox` in it.
#[track_caller]
fn with_busybox<'docker>(docker: &'docker PrivateDocker, name: &str, options: &[&str]) -> Container<'docker> {
    let busybox = find_program("busybox").expect("`cargo xtask test` installs busybox");
    let volume = format!("{}:/busybox:ro", busybox.display());
    let mut all = vec!["--volume", volume.as_str()];
    all.extend(options);
    idle(docker, name, &all)
}

/// Not less than what was given to the sockets, and at most `percent` more.
fn payload_and(payload: u64, percent: f64) -> Bound {
    Bound::Between(as_f64(payload), as_f64(payload) * (1.0 + percent / 100.0))
}

fn nearly(reference: u64) -> Bound {
    Bound::Near {
        reference: as_f64(reference),
        percent: 0.0,
        slack: SLACK_BYTES,
    }
}

/// Docker's bytes are the agent's and an Ethernet header a packet.
#[track_caller]
fn compare_with_docker(scenario: &mut Scenario, who: &str, moved: &Moved) {
    let docker = moved.docker();
    let sent = format!("{who}: Docker's bytes sent, beside ours + 14 a packet");
    scenario.counter(&sent, docker.tx, Unit::Bytes, nearly(moved.tx_framed()));
    let received = format!("{who}: Docker's bytes received, beside ours + 14 a packet");
    scenario.counter(&received, docker.rx, Unit::Bytes, nearly(moved.rx_framed()));
}

/// Whether Docker has network figures of it.
#[track_caller]
fn docker_shows(container: &Container<'_>) -> &'static str {
    interface_bytes(container).map_or("no network", |_| "a network")
}
