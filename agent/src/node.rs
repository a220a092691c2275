//! The node itself, from a `/proc` tree: CPUs, memory, network interfaces.

mod cpu;
mod sample;
mod uplinks;
mod usage;

use std::{io, path::PathBuf};

pub use cpu::{CpuName, CpuTicks, tick_ns};
pub use sample::{InterfaceBytes, MemoryKib, Node, NodeSample};
pub use usage::{InterfaceRates, NodeUsage, usage};

/// The machine's name, as it calls itself.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A part of the node's figures that could not be had.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A file could not be read.
    #[error("reading {} failed: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file holds something else than it should.
    #[error("{} is not as proc(5) describes it: {reason}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
}
