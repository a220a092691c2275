//! The end of the agent, and what stays in the kernel: nothing.

use std::time::{Duration, Instant};

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::PrivateDocker;
use agent_tests::process::Signal;
use agent_tests::programs::loaded_by_agents;
use agent_tests::wait::wait_until;

/// The kernel frees a program a moment after its last user has gone.
const FREE_DEADLINE: Duration = Duration::from_secs(5);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn sigterm_ends_it_with_0_and_detaches() {
    ends_with_0_on(Signal::TERM);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn sigint_ends_it_with_0_and_detaches() {
    ends_with_0_on(Signal::INT);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn sigkill_leaves_nothing_attached() {
    nothing_attached_after(|agent| {
        agent.signal(Signal::KILL);
        let status = agent.wait_for_end(Duration::from_secs(5));
        assert!(status.code().is_none(), "{status}");
    });
}

#[track_caller]
fn ends_with_0_on(signal: Signal) {
    nothing_attached_after(|agent| {
        let start = Instant::now();
        agent.signal(signal);
        let status = agent.wait_for_end(Duration::from_secs(2));
        println!("ended {:?} after the signal", start.elapsed());
        assert_eq!(status.code(), Some(0), "{}", agent.log());
    });
}

/// A program that is attached, to the root cgroup or anywhere, is loaded: it is enough that none is.
#[track_caller]
fn nothing_attached_after(end: impl FnOnce(&Agent)) {
    let docker = PrivateDocker::start();
    // other agents may run on this machine
    let of_others = loaded_by_agents();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let ours: Vec<_> = loaded_by_agents().difference(&of_others).copied().collect();
    // ingress, egress, sched_switch, and the flush where that is another program
    let by_the_clock = agent.get("/status").json()["agent"]["cpu_account"] == "clock";
    assert_eq!(ours.len(), if by_the_clock { 3 } else { 4 }, "{ours:?}");
    end(&agent);
    wait_until("the kernel to free the agent's programs", FREE_DEADLINE, || {
        let loaded = loaded_by_agents();
        let left: Vec<_> = ours.iter().filter(|id| loaded.contains(id)).collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    });
}
