//! The agent under measurement.

use std::time::Duration;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::cgroup::OwnCgroup;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;
use anyhow::{Context as _, Result, ensure};

const ALL_SEEN_DEADLINE: Duration = Duration::from_secs(30);

/// A running agent in a cgroup that accounts it.
pub(crate) struct Ours {
    pub(crate) agent: Agent,
    pub(crate) cgroup: OwnCgroup,
}

/// The agent's server, with an agent behind it that takes no samples while it is asked: what is slow here is not sampling.
pub(crate) struct Unsampled(Agent);

impl Unsampled {
    /// The longest interval that there is; the first sample is taken at the start.
    pub(crate) fn start(docker: &PrivateDocker) -> Self {
        let agent = AgentCommand::for_docker(&docker.url()).args(&["--interval", "60s"]);
        let agent = agent.start_without_waiting();
        wait_until("the agent that takes no samples", ALL_SEEN_DEADLINE, || {
            match agent.try_get("/readyz") {
                Ok(reply) if reply.body.contains("measured for an interval") => Ok(()),
                Ok(reply) => Err(reply.body),
                Err(error) => Err(error),
            }
        });
        Self(agent)
    }

    /// A reply that is always the same.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/livez", self.0.address)
    }
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
        let status = ours.agent.get("/status").json();
        assert_eq!(
            status["source"], "ebpf",
            "figures of another source would be told as the kernel's: {status}"
        );
        ours
    }

    /// An error if Docker's stats served a container: what it cost is not what counting in the kernel costs.
    pub(crate) fn has_counted_all(&self) -> Result<()> {
        let all = self.agent.get("/containers/status").json();
        let containers = all["containers"].as_array().context("a list of containers")?;
        for container in containers {
            let source = container["source"].as_str();
            ensure!(
                source.is_none_or(|source| source == "ebpf"),
                "not counted in the kernel: {container}"
            );
        }
        Ok(())
    }
}
