//! Node agent of a container balancer.
//!
//! The kernel counts, the sampler reads the counters once a second and turns them into a snapshot, the API answers
//! from the snapshot. Data flows one way; nothing a caller does makes a counter move or waits for a file.
//!
//! Who may know what is in `docs/design.md`, and `cargo xtask check` holds it: only [`kernel`] names aya, only
//! [`docker`] names bollard, only [`api`] names axum, only [`top`] names ratatui.

pub mod access;
pub mod api;
pub mod ask;
pub mod cgroup;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod consul;
pub mod containers;
pub mod docker;
pub mod doctor;
pub mod events;
pub mod history;
pub mod kernel;
pub mod launch;
pub mod memory;
pub mod metrics;
pub mod node;
#[cfg(test)]
mod pages;
pub mod privileges;
pub mod rates;
pub mod run;
pub mod sampler;
pub mod snapshot;
pub mod telemetry;
pub mod top;
pub mod usage;
