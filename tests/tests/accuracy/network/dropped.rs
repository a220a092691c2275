//! Packets that another program at a container's cgroup drops.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::cgroup;
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::programs::verdict::{self, Verdict};
use aya::Ebpf;
use aya::programs::CgroupSkbAttachType;

use super::{exactly, idle, start_agent};

const SEND: [&str; 4] = ["--count", "10000", "--size", "1000"];

/// As systemd's `IPAddressDeny=any` does on a unit.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_another_program_drops_is_counted_all_the_same() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sender = idle(&docker, "sender", &[]);
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202", "--seconds", "8"]);
    let to = format!("{}:5202", sink.address());
    let words = [&["udp-send", "--to", &to], &SEND[..]].concat();

    let dropping = drop_at(&sink, CgroupSkbAttachType::Ingress);
    let [received] = agent.moved([&sink], || {
        sender.exec(&words);
    });
    drop(dropping);
    let dropping = drop_at(&sender, CgroupSkbAttachType::Egress);
    let mut said = String::new();
    let [sent] = agent.moved([&sender], || said = sender.exec(&words));
    drop(dropping);
    sink.wait();

    let mut scenario = Scenario::new(
        "18",
        "10,000 UDP datagrams of 1,000 B that another program at the cgroup drops",
    );
    scenario.text(
        "dropped on arrival: the socket",
        &sink.log(),
        "received 0 packets, 0 bytes",
    );
    scenario.counter(
        "dropped on arrival: received",
        received.rx,
        Unit::Bytes,
        exactly(10_280_000),
    );
    scenario.text("dropped on departure: sends", &said, "refused 10000");
    scenario.counter("dropped on departure: sent", sent.tx, Unit::Bytes, exactly(10_280_000));
    scenario.counter(
        "Docker's bytes sent",
        sent.docker().tx,
        Unit::Bytes,
        Bound::AtMost(4096.0),
    );
    scenario.finish();
}

/// Drops every packet of a container in that direction until the program is given back.
#[track_caller]
fn drop_at(container: &Container<'_>, direction: CgroupSkbAttachType) -> Ebpf {
    verdict::attach("drop_all", Verdict::Drop, &cgroup::v2_dir(&container.id), direction)
}
