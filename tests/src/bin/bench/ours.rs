//! The agent under measurement.

use std::time::Duration;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::cgroup::OwnCgroup;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;

const ALL_SEEN_DEADLINE: Duration = Duration::from_secs(30);

/// A running agent in a cgroup that accounts it.
pub(crate) struct Ours {
    pub(crate) agent: Agent,
    pub(crate) cgroup: OwnCgroup,
}

impl Ours {
    /// Starts it as an operator does, and waits until it knows `containers`.
    pub(crate) fn start(docker: &PrivateDocker, containers: usize) -> Self {
        let cgroup = OwnCgroup::create("balancer-bench-agent");
        let enter = cgroup.enter();
        let enter: Vec<&str> = enter.iter().map(String::as_str).collect();
        let agent = AgentCommand::for_docker(&docker.url()).through(&enter).start();
        let ours = Self { agent, cgroup };
        wait_until("the agent to know all containers", ALL_SEEN_DEADLINE, || {
            let status = ours.agent.get("/status").json();
            let known = status["nb_containers"].as_u64();
            (known == u64::try_from(containers).ok())
                .then_some(())
                .ok_or_else(|| format!("{known:?} of {containers}"))
        });
        ours
    }
}
