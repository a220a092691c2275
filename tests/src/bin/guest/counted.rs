//! Where the programs load, what they count is right: against what was sent, and against the kernel's own account.

use std::time::Duration;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::process::Signal;
use agent_tests::programs;
use agent_tests::sample::Counters;
use agent_tests::wait::wait_until_true;

use crate::cgroups;
use crate::cpu;
use crate::row::{Layout, Row};
use crate::stage::{Handmade, Stage};
use crate::verdict::Verdict;
use crate::verifier;

const DATAGRAMS: u64 = 10_000;
const DATAGRAM_BYTES: u64 = 1000;
/// An IPv4 and a UDP header.
const UDP_HEADER_BYTES: u64 = 28;
const TCP_BYTES: u64 = 20_000_000;
const NESTED_DATAGRAMS: u64 = 1000;
const CONNECTIONS: u32 = 50;
/// An IPv4 header and a TCP header with the options of a SYN.
const SYN_ACK_BYTES: u64 = 60;
const END_DEADLINE: Duration = Duration::from_secs(20);
const LOG: &str = "info,balancer_agent::kernel=debug";

/// All checks of a row on which the kernel counts.
pub(crate) fn check(row: &Row, verdict: &mut Verdict) {
    let stage = verdict.check("containers by hand", || {
        if row.layout == Layout::V2 {
            cgroups::delegate_memory().expect("the v2 tree has a memory controller");
        }
        if row.classid {
            cgroups::set_classid().expect("the hierarchy net_cls is mounted");
        }
        Stage::set()
    });
    let Some(stage) = stage else { return };
    let Some(agent) = verdict.check("programs load", || start(&stage)) else {
        return;
    };
    verdict.check("UDP to the byte", || udp(&stage, &agent));
    verdict.check("TCP alike on both sides", || tcp(&stage, &agent));
    verdict.check("loopback apart", || loopback(&stage, &agent));
    verdict.check("SYN-ACK", || syn_ack(&stage, &agent));
    verdict.check("nested cgroup that is gone", || nested(row, &stage, &agent));
    verdict.check("CPU as accounted", || cpu::check(&stage.left, &agent));
    verdict.check("ends clean", || ends_clean(&agent));
}

/// Starts the agent, which must count in the kernel; fails with what the kernel had against it.
fn start(stage: &Stage) -> Agent {
    let agent = AgentCommand::for_docker(&stage.url()).args(&["--log", LOG]).start();
    let status = agent.get("/status").must_be(200).json();
    assert!(
        status["source"] == "ebpf" && status["source_reason"].is_null(),
        "source {}, because {}{}",
        status["source"],
        status["source_reason"],
        verifier::last_words(&agent.log()),
    );
    println!("vm: fact: source: `ebpf`");
    if let Some((_, because)) = agent
        .log()
        .split_once("CPU time is measured by the clock, not taken from the scheduler: ")
    {
        let because = because.lines().next().unwrap_or_default();
        println!("vm: fact: limit: CPU time is taken by the clock, time in interrupts included ({because})");
    }
    // both have figures before anything is measured
    agent.sample(&stage.left.id);
    agent.sample(&stage.right.id);
    agent
}

/// What a container has used between two moments.
struct Since<'a> {
    agent: &'a Agent,
    container: &'a Handmade,
    before: Counters,
}

impl<'a> Since<'a> {
    fn now(agent: &'a Agent, container: &'a Handmade) -> Self {
        let before = agent.next_sample(&container.id).counters;
        Self {
            agent,
            container,
            before,
        }
    }

    /// All fields once the network is quiet.
    fn used(&self) -> Counters {
        let after = self.agent.settled_network(&self.container.id).counters;
        let grown = |field: fn(&Counters) -> Option<u64>| {
            Some(field(&after).expect("it is measured") - field(&self.before).expect("it is measured"))
        };
        Counters {
            cpu_ns: grown(|counters| counters.cpu_ns),
            rx_bytes: grown(|counters| counters.rx_bytes),
            tx_bytes: grown(|counters| counters.tx_bytes),
            rx_packets: grown(|counters| counters.rx_packets),
            tx_packets: grown(|counters| counters.tx_packets),
            rx_segments: grown(|counters| counters.rx_segments),
            tx_segments: grown(|counters| counters.tx_segments),
            loopback_rx_bytes: grown(|counters| counters.loopback_rx_bytes),
            loopback_tx_bytes: grown(|counters| counters.loopback_tx_bytes),
        }
    }
}

fn udp(stage: &Stage, agent: &Agent) {
    let _sink = stage.right.listen("udp", &["udp-sink", "--port", "5300"], 5300);
    let (left, right) = (Since::now(agent, &stage.left), Since::now(agent, &stage.right));
    send_datagrams(stage, DATAGRAMS, |words| stage.left.load(words));
    let (sent, received) = (left.used(), right.used());
    let expected = (Some(DATAGRAMS * (DATAGRAM_BYTES + UDP_HEADER_BYTES)), Some(DATAGRAMS));
    assert_eq!((sent.tx_bytes, sent.tx_packets), expected, "sent: {sent:?}");
    assert_eq!(
        (received.rx_bytes, received.rx_packets),
        expected,
        "received: {received:?}"
    );
    assert_eq!(
        (sent.rx_bytes, received.tx_bytes),
        (Some(0), Some(0)),
        "{sent:?} {received:?}"
    );
}

fn send_datagrams(stage: &Stage, count: u64, run: impl FnOnce(&[&str])) {
    let to = format!("{}:5300", stage.right.address);
    let (count, size) = (count.to_string(), DATAGRAM_BYTES.to_string());
    run(&[
        "udp-send", "--to", &to, "--count", &count, "--size", &size, "--rate", "5000",
    ]);
}

fn tcp(stage: &Stage, agent: &Agent) {
    let _sink = stage.right.listen("tcp", &["tcp-sink", "--port", "5201"], 5201);
    let (left, right) = (Since::now(agent, &stage.left), Since::now(agent, &stage.right));
    let to = format!("{}:5201", stage.right.address);
    stage
        .left
        .load(&["tcp-send", "--to", &to, "--bytes", &TCP_BYTES.to_string()]);
    let (sent, received) = (left.used(), right.used());
    assert!(
        sent.tx() > TCP_BYTES && sent.tx() < TCP_BYTES + TCP_BYTES / 20,
        "{sent:?}"
    );
    assert!(
        sent.tx().abs_diff(received.rx()) <= TCP_BYTES / 1000,
        "{sent:?} {received:?}"
    );
    assert_eq!(sent.loopback_tx_bytes, Some(0), "{sent:?}");
}

fn loopback(stage: &Stage, agent: &Agent) {
    let left = Since::now(agent, &stage.left);
    let before = stage.left.loopback_l3_bytes();
    stage.left.load(&["loopback", "--bytes", &TCP_BYTES.to_string()]);
    let used = left.used();
    let [sent, received] = [used.loopback_tx_bytes, used.loopback_rx_bytes].map(|bytes| bytes.expect("it is measured"));
    let passed = stage.left.loopback_l3_bytes() - before;
    println!("vm: note: over loopback {sent} B sent, {received} B received, {passed} B by the interface");
    assert!((TCP_BYTES..TCP_BYTES + TCP_BYTES / 20).contains(&received), "{used:?}");
    assert_eq!(received, passed, "received, against the interface");
    assert!(sent <= received && sent >= received - received / 1000, "{used:?}");
    if sent < received {
        println!(
            "vm: fact: limit: a few bare TCP acknowledgements are not counted where they leave, under 0.1 % of the bytes"
        );
    }
    assert_eq!((used.tx_bytes, used.rx_bytes), (Some(0), Some(0)), "{used:?}");
}

/// Connections that are held send nothing from the listener but the answers to their SYNs. Older kernels do not show
/// these to the programs, and which do is a matter of patches, not of versions: all or none must be counted.
fn syn_ack(stage: &Stage, agent: &Agent) {
    let _sink = stage.right.listen("tcp", &["tcp-sink", "--port", "5202"], 5202);
    let right = Since::now(agent, &stage.right);
    let connections = stage
        .left
        .connect(&format!("{}:5202", stage.right.address), CONNECTIONS);
    let used = right.used();
    drop(connections);
    let counted = match (used.tx(), used.tx_packets) {
        (0, Some(0)) => "not counted",
        (bytes, _) if bytes == SYN_ACK_BYTES * u64::from(CONNECTIONS) => "counted",
        _ => panic!("neither all nor none: {used:?}"),
    };
    println!("vm: note: answers to SYNs are {counted}");
    if used.tx() == 0 {
        println!("vm: fact: limit: the answers to a client's SYN are not counted, {SYN_ACK_BYTES} bytes a connection");
    }
}

fn nested(row: &Row, stage: &Stage, agent: &Agent) {
    let _sink = stage.right.listen("udp", &["udp-sink", "--port", "5300"], 5300);
    let left = Since::now(agent, &stage.left);
    send_datagrams(stage, NESTED_DATAGRAMS, |words| stage.left.load_in_child(words));
    let used = left.used();
    println!("vm: note: from a cgroup below the container's, gone by now: {used:?}");
    let all = NESTED_DATAGRAMS * (DATAGRAM_BYTES + UDP_HEADER_BYTES);
    if row.knows_ancestors {
        assert_eq!(used.tx_bytes, Some(all), "{used:?}");
    } else {
        assert!(used.tx() == 0 || used.tx() == all, "neither all nor nothing: {used:?}");
        println!(
            "vm: fact: limit: a cgroup below a container's own that is gone before the agent has looked at the tree \
             (every 10 s) is not counted to the container"
        );
    }
}

fn ends_clean(agent: &Agent) {
    agent.signal(Signal::TERM);
    let status = agent.wait_for_end(END_DEADLINE);
    assert!(status.success(), "{status}: {}", agent.log());
    wait_until_true("all programs to be gone", END_DEADLINE, || {
        programs::loaded_by_agents().is_empty()
    });
}
