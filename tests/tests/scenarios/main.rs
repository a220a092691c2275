//! Scenarios: the agent's binary before a real Docker engine on the real kernel.
//!
//! They measure this machine's time and traffic, so one runs at a time, on a machine that does nothing else.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario that cannot go on has failed"
)]

// what they share
mod replies;
mod watch;

mod bad_creations;
mod bad_ids;
mod bad_requests;
mod config_errors;
mod creation;
mod docker_away;
mod fallback;
mod following;
mod freshness;
mod harness;
mod lifecycle;
mod node;
mod pull;
mod readme;
