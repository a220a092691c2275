//! The agent's page in a browser: before the real agent, and before one with more containers than a test can start.

#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

// what they share
mod look;

mod api;
mod changes;
mod live;
mod many;
mod modules;
mod pictures;
mod tokens;
