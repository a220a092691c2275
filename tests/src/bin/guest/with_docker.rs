//! A real engine in the guest: containers come and go through the agent, and their figures are right.

use std::time::Duration;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{PrivateDocker, image};

use crate::row::{Layout, Row};
use crate::verdict::Verdict;

const DATAGRAMS: u64 = 5000;
/// With the IPv4 and the UDP header.
const DATAGRAM_L3_BYTES: u64 = 1028;
/// Docker's figures come a second late, and the engine shares its CPU with all else here.
const BUSY_BY_DOCKER: f64 = 60.0;

/// All checks with an engine, for what counts on this row.
pub(crate) fn check(row: &Row, verdict: &mut Verdict) {
    if row.layout == Layout::V2 {
        // the engine makes it anew, with what it needs
        let _ = std::fs::remove_dir("/sys/fs/cgroup/docker");
    }
    let Some(docker) = verdict.check("Docker starts", PrivateDocker::start) else {
        return;
    };
    let source = if row.falls_back.is_some() { "docker" } else { "ebpf" };
    let agent = verdict.check("the agent finds Docker", || {
        let agent = AgentCommand::for_docker(&docker.url()).start();
        assert_eq!(agent.get("/status").must_be(200).json()["source"], source);
        agent
    });
    let Some(agent) = agent else { return };
    verdict.check("created, told and deleted over REST", || whole_life(&agent, source));
    if row.falls_back.is_some() {
        verdict.check("CPU as Docker tells it", || busy(&docker, &agent));
    } else {
        verdict.check("UDP between bridged containers to the byte", || udp(&docker, &agent));
    }
    drop(agent);
    verdict.check("Docker goes", || drop(docker));
}

fn whole_life(agent: &Agent, source: &str) {
    let created = agent.create(&format!("image={}&service=web", image::WORKLOAD));
    let created = created.must_be(201).json();
    let id = created["Id"].as_str().expect("Docker's inspect has an id");
    let sample = agent.sample(id);
    println!("vm: note: {sample:?}");
    assert!(sample.memory > 0 && sample.free_memory > 0, "{sample:?}");
    assert_eq!(sample.source, source, "{sample:?}");
    agent.delete(&format!("/container/{id}?timeout=1")).must_be(204);
    agent.get(&format!("/container/{id}/status")).must_be(404);
}

fn udp(docker: &PrivateDocker, agent: &Agent) {
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let to = format!("{}:5202", sink.address());
    let count = DATAGRAMS.to_string();
    let words = [
        "udp-send", "--to", &to, "--count", &count, "--size", "1000", "--rate", "2500",
    ];
    let sender = docker.run("sender", &[], &["sleep", "--seconds", "300"]);
    let before = [&sender, &sink].map(|container| agent.settled_network(&container.id).counters);
    sender.exec(&words);
    let after = [&sender, &sink].map(|container| agent.settled_network(&container.id).counters);
    let sent = (
        after[0].tx() - before[0].tx(),
        after[0].tx_packets.zip(before[0].tx_packets),
    );
    let received = after[1].rx() - before[1].rx();
    let bytes = DATAGRAMS * DATAGRAM_L3_BYTES;
    assert_eq!((sent.0, received), (bytes, bytes), "sent {sent:?}, received {received}");
    assert_eq!(sent.1.map(|(after, before)| after - before), Some(DATAGRAMS));
}

fn busy(docker: &PrivateDocker, agent: &Agent) {
    let busy = docker.run("busy", &[], &["spin", "--threads", "1", "--seconds", "60"]);
    let samples = agent.samples(&busy.id, 3);
    let figures: Vec<f64> = samples.iter().map(|sample| sample.cpu).collect();
    println!("vm: note: CPU by Docker {figures:?}, over {:?}", Duration::from_secs(3));
    assert!(samples.iter().all(|sample| sample.cpu > BUSY_BY_DOCKER), "{figures:?}");
    assert!(samples.iter().all(|sample| sample.source == "docker"), "{samples:?}");
}
