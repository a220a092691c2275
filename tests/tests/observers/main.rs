//! Those who watch a node: one call for all of it, events as they happen, the past, and what Prometheus scrapes.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario that cannot go on has failed"
)]

mod all;
mod events;
mod metrics;
mod past;
mod prometheus;
mod stream;

use std::time::Duration;

use agent_tests::agent::Agent;
use agent_tests::wait::wait_until;
use serde_json::Value;

/// Of what Docker tells by an event, and two ticks.
pub(crate) const SEEN_DEADLINE: Duration = Duration::from_secs(30);

/// `GET path`, once all these containers have figures in it.
#[track_caller]
pub(crate) fn measured(agent: &Agent, path: &str, names: &[&str]) -> Value {
    wait_until(&format!("figures of {names:?}"), SEEN_DEADLINE, || {
        let reply = agent.try_get(path)?;
        let all = reply.must_be(200).json();
        let has_figures = |name: &&str| entry(&all, name).is_some_and(|entry| entry["cpu"].is_number());
        if names.iter().all(has_figures) {
            Ok(all)
        } else {
            Err(reply.body)
        }
    })
}

/// The entry of one container.
pub(crate) fn entry<'a>(all: &'a Value, name: &str) -> Option<&'a Value> {
    let containers = all["containers"].as_array()?;
    containers.iter().find(|container| container["name"] == name)
}
