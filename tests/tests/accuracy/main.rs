//! The list of accounting scenarios, each with the figure it must give: `cargo xtask accuracy` runs them and writes
//! `docs/accuracy.md`.
//!
//! They measure this machine's time and traffic, so one runs at a time, on a machine that does nothing else.

#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

mod cpu;
mod life_cycle;
mod network;
// what they share
mod parts;
