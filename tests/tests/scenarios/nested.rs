//! Cgroups below a container's own, as systemd and Docker inside a container make them.

use std::time::{Duration, Instant};

use agent_tests::agent::AgentCommand;
use agent_tests::binaries;
use agent_tests::cgroup::{ChildCgroup, kernel_cpu};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::process::received_bytes;
use agent_tests::wait::wait_until;

use crate::figures::{as_f64, assert_close};

const BURST_BYTES: u64 = 10 << 20;
const BURST_SECONDS: u64 = 1;
/// Nothing runs in the container any more.
const REST: Duration = Duration::from_millis(300);
const BURST_DEADLINE: Duration = Duration::from_secs(10);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_runs_in_a_cgroup_below_the_container_counts_to_the_container() {
    let docker = PrivateDocker::start();
    // long enough that a cgroup can come and go between two samples
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "4s"])
        .start();
    let receiver = docker.run("receiver", &[], &["tcp-sink", "--port", "5201"]);
    let container = docker.run("nesting", &[], &["serve"]);
    let pid = container.pid();
    let burst = Burst {
        docker: &docker,
        container: &container,
        receiver: &receiver,
    };
    let before = agent.settled_network(&container.id);

    // one that is there when the agent looks
    let child = ChildCgroup::create(&container.id, "lives");
    child.enter(pid);
    burst.run();
    let while_there = agent.settled_network(&container.id);
    child.leave(pid);
    drop(child);
    assert_burst("while it is there", while_there.counters.tx() - before.counters.tx(), 1);

    // one that the agent never sees
    let last_before = agent.sample_after(&container.id, &while_there);
    let child = ChildCgroup::create(&container.id, "lives-short");
    child.enter(pid);
    burst.run();
    child.leave(pid);
    drop(child);
    let now = agent.sample(&container.id);
    assert_eq!(
        now.sampled_at_ms, last_before.sampled_at_ms,
        "this machine was too slow: the agent looked while the cgroup was there"
    );
    agent.settled_network(&container.id);
    let after = agent.settled_cpu(&container.id).counters;
    assert_burst("after both are gone", after.tx() - before.counters.tx(), 2);
    let kernel_ns = kernel_cpu(&container.id).cpu_stat_ns.expect("there is a v2 tree");
    assert_close("cpu.stat", after.cpu(), kernel_ns, 0.01, 0.0);
}

/// Both kinds of load, in new threads and over a new connection of the container's first process.
struct Burst<'a> {
    docker: &'a PrivateDocker,
    container: &'a Container<'a>,
    receiver: &'a Container<'a>,
}

impl Burst<'_> {
    /// Starts it and waits until it is over.
    #[track_caller]
    fn run(&self) {
        let received = || received_bytes(self.receiver.pid(), "eth0");
        let charged = || kernel_cpu(&self.container.id).cpu_stat_ns.expect("there is a v2 tree");
        let all_received = received() + BURST_BYTES;
        self.ask(&format!(
            "/send?to={}:5201&bytes={BURST_BYTES}",
            self.receiver.address()
        ));
        self.ask(&format!("/cpu?threads=1&seconds={BURST_SECONDS}"));
        let mut last_charged = (charged(), Instant::now());
        wait_until("the burst to end", BURST_DEADLINE, || {
            let (bytes, ns) = (received(), charged());
            if ns != last_charged.0 {
                last_charged = (ns, Instant::now());
            }
            let over = bytes >= all_received && last_charged.1.elapsed() >= REST;
            over.then_some(())
                .ok_or_else(|| format!("{bytes} B received, {ns} ns charged"))
        });
    }

    #[track_caller]
    fn ask(&self, path: &str) {
        let workload = binaries::workload().display().to_string();
        let to = format!("{}:3000", self.container.address());
        self.docker
            .netns()
            .run(&[&workload, "get", "--to", &to, "--path", path]);
    }
}

/// The reply to the request that asked for the burst goes the same way: a few hundred bytes each.
#[track_caller]
fn assert_burst(when: &str, bytes: u64, bursts: u64) {
    let payload = BURST_BYTES * bursts;
    println!("{when}: {bytes} sent of {payload} payload");
    assert!(
        bytes >= payload && as_f64(bytes) <= as_f64(payload) * 1.005,
        "{when}: {bytes}"
    );
}
