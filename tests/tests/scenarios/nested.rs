//! Cgroups below a container's own, as systemd and Docker inside a container make them.

use std::time::{Duration, Instant};

use agent_tests::agent::AgentCommand;
use agent_tests::binaries;
use agent_tests::cgroup::{ChildCgroup, kernel_cpu};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::process::received_bytes;
use agent_tests::wait::wait_until;

use agent_tests::figures::{Stolen, assert_close, assert_cpu_total};

const BURST_BYTES: u64 = 10 << 20;
const BURST_SECONDS: u64 = 1;
/// Nothing runs in the container any more.
const REST: Duration = Duration::from_millis(300);
const GIVEN_BACK_DEADLINE: Duration = Duration::from_secs(30);
const BURST_DEADLINE: Duration = Duration::from_secs(10);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_runs_in_a_cgroup_below_the_container_counts_to_the_container() {
    let docker = PrivateDocker::start();
    // long enough that a cgroup can come and go between two samples
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "4s"])
        .start();
    let stolen = Stolen::start();
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let container = docker.run("nesting", &[], &["serve"]);
    let pid = container.pid();
    let burst = Burst {
        docker: &docker,
        container: &container,
        sink: &sink,
    };
    let before = agent.next_sample(&container.id);

    // one that is there when the agent looks
    let child = ChildCgroup::create(&container.id, "lives");
    child.enter(pid);
    burst.run();
    let while_there = agent.next_sample(&container.id);
    child.leave(pid);
    drop(child);
    let arrived = agent.sample(&sink.id).counters.rx();
    let sent = while_there.counters.tx() - before.counters.tx();
    assert_sent("while it is there", 1, sent, arrived);

    // one that the agent never sees
    let last_before = agent.next_sample(&container.id);
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
    let after = agent.next_sample(&container.id).counters;
    let arrived = agent.sample(&sink.id).counters.rx();
    let sent = after.tx() - before.counters.tx();
    assert_sent("after both are gone", 2, sent, arrived);
    assert_cpu_total(&container.id, after.cpu(), &stolen);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_ran_in_a_cgroup_that_is_gone_stays_with_the_container_when_its_entry_is_given_back() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "100ms"])
        .start();
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let container = docker.run("nesting", &[], &["serve"]);
    let pid = container.pid();
    let burst = Burst {
        docker: &docker,
        container: &container,
        sink: &sink,
    };
    let entries = || {
        agent.get("/status").json()["agent"]["map_entries"]
            .as_u64()
            .unwrap_or(0)
    };
    agent.next_sample(&container.id);

    let child = ChildCgroup::create(&container.id, "lives");
    child.enter(pid);
    burst.run();
    child.leave(pid);
    let with_child = agent.next_sample(&container.id).counters;
    let entries_with_child = entries();
    drop(child);
    wait_until("the entry to be given back", GIVEN_BACK_DEADLINE, || {
        let now = entries();
        (now < entries_with_child)
            .then_some(())
            .ok_or_else(|| format!("{now} map entries"))
    });
    let after = agent.next_sample(&container.id).counters;
    assert!(with_child.tx() >= BURST_BYTES, "{with_child:?}");
    assert!(
        after.tx() >= with_child.tx() && after.cpu() >= with_child.cpu(),
        "counters fell: {with_child:?}, then {after:?}"
    );
}

/// Both kinds of load, in new threads and over a new connection of the container's first process.
struct Burst<'a> {
    docker: &'a PrivateDocker,
    container: &'a Container<'a>,
    sink: &'a Container<'a>,
}

impl Burst<'_> {
    /// Starts it and waits until it is over.
    #[track_caller]
    fn run(&self) {
        let received = || received_bytes(self.sink.pid(), "eth0");
        let charged = || kernel_cpu(&self.container.id).cpu_stat_ns.expect("there is a v2 tree");
        let all_received = received() + BURST_BYTES;
        self.ask(&format!("/send?to={}:5201&bytes={BURST_BYTES}", self.sink.address()));
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

/// As many bytes as the receiver's cgroup got, which nothing is nested in; the replies to the requests that asked
/// for the bursts are a few hundred bytes more.
#[track_caller]
fn assert_sent(when: &str, bursts: u64, sent: u64, received: u64) {
    assert!(received >= bursts * BURST_BYTES, "{when}: {received} B arrived");
    assert_close(when, sent, received, 0.001, 4096.0);
}
