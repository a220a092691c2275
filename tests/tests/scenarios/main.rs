//! Scenarios: the agent's binary before a real Docker engine on the real kernel.
//!
//! They measure this machine's time and traffic, so one runs at a time, on a machine that does nothing else.

#![expect(
    clippy::expect_used,
    reason = "a scenario that cannot go on has failed"
)]

mod harness;
