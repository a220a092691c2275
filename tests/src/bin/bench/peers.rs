//! What else could watch containers on this machine.

pub(crate) mod cadvisor;
pub(crate) mod docker_stats;
pub(crate) mod netdata;
mod started;
mod unpacked;

use clap::ValueEnum;

pub(crate) use unpacked::Unpacked;

/// A peer by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    DockerStats,
    Cadvisor,
    Netdata,
}
