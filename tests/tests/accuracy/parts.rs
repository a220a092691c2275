//! What scenarios of all parts of the list begin with, and the bounds they share.

use agent_tests::accuracy::Bound;
use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::as_f64;

/// An agent that looks often, so that a scenario does not wait long for what it has done.
#[track_caller]
pub(crate) fn start_agent(docker: &PrivateDocker) -> Agent {
    quick_agent(docker).start()
}

/// [`start_agent`] that takes more flags first.
pub(crate) fn quick_agent(docker: &PrivateDocker) -> AgentCommand {
    AgentCommand::for_docker(&docker.url()).args(&["--interval", "100ms"])
}

/// A container that does nothing but be there.
#[track_caller]
pub(crate) fn idle<'docker>(docker: &'docker PrivateDocker, name: &str, options: &[&str]) -> Container<'docker> {
    docker.run(name, options, &["sleep", "--seconds", "300"])
}

pub(crate) fn exactly(wanted: u64) -> Bound {
    Bound::Exactly(as_f64(wanted))
}

pub(crate) fn near(reference: u64, percent: f64) -> Bound {
    Bound::Near {
        reference: as_f64(reference),
        percent,
        slack: 0.0,
    }
}
