//! The harness: what a scenario needs to put a real agent before a real Docker engine and to look at both.
//!
//! - [`docker`]: an engine of the test's own, in its own network namespace, that can be stopped and frozen
//! - [`agent`]: the agent's binary on a free port; [`sample`]: the figures it tells
//! - [`fake_docker`]: an engine that fails in a chosen way; [`fake_consul`]: where the agent registers
//! - [`fake_agent`]: an agent that says what the test says; [`terminal`]: a screen and keys
//! - [`cgroup`], [`machine`], [`process`], [`programs`]: what the kernel itself says, to compare with; [`recorder`]: at
//!   every instant
//! - [`browser`]: looks at the agent's page; [`fake_agent`]: serves it with as many containers as wanted
//! - [`certificates`]: an authority of the test's own
//! - [`figures`]: comparisons; [`traffic`]: transfers; [`accuracy`]: what a scenario found, for the page of figures
//! - [`binaries`], [`command`], [`http`], [`network_namespace`], [`wait`]: means
//!
//! Everything that is started or made here ends with the guard that made it, after a panic too.

#![cfg(feature = "harness")]
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness reports what it could not do by failing the test that asked for it"
)]

pub mod accuracy;
pub mod agent;
pub mod binaries;
pub mod browser;
mod caretaker;
pub mod certificates;
pub mod cgroup;
pub mod command;
pub mod crowded_agent;
pub mod docker;
pub mod fake_agent;
pub mod fake_consul;
pub mod fake_docker;
pub mod figures;
pub mod http;
pub mod machine;
pub mod network_namespace;
pub mod process;
pub mod programs;
pub mod prometheus;
pub mod recorder;
pub mod sample;
pub mod terminal;
pub mod traffic;
pub mod wait;
