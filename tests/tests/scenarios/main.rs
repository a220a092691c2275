//! Scenarios: the agent's binary before a real Docker engine on the real kernel.
//!
//! They share the kernel's cgroups and its hooks with whatever else runs, as on any machine.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario that cannot go on has failed"
)]

// what they share
mod replies;

mod bad_creations;
mod bad_ids;
mod bad_requests;
mod config_errors;
mod creation;
mod following;
mod freshness;
mod harness;
mod lifecycle;
mod node;
mod pull;
mod readme;
