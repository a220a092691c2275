//! One reading of the node's counters.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use procfs::{FromBufRead as _, Meminfo, net::InterfaceDeviceStatus};

use super::{
    NodeError,
    cpu::{self, CpuName, CpuTicks},
};

/// The node's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryKib {
    /// `MemTotal`.
    pub total: u64,
    /// `MemAvailable`: what new work could take without swapping. Kernels before 3.14 do not tell.
    pub available: Option<u64>,
}

/// Bytes that an interface has moved since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceBytes {
    /// Received.
    pub rx: u64,
    /// Sent.
    pub tx: u64,
}

/// The node's counters at one moment. `None` is a part that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSample {
    /// Time of each CPU that is online.
    pub cpus: Option<BTreeMap<CpuName, CpuTicks>>,
    /// Memory.
    pub memory_kib: Option<MemoryKib>,
    /// Interfaces of the host's network namespace; the ends of container links (veth) are left out.
    pub interfaces: Option<BTreeMap<String, InterfaceBytes>>,
}

/// Reads a node's `/proc`, mounted anywhere. Three files a sample, into one buffer that is kept.
#[derive(Debug)]
pub struct Node {
    stat: PathBuf,
    meminfo: PathBuf,
    net_dev: PathBuf,
    buffer: Vec<u8>,
}

impl Node {
    /// The node whose `/proc` is mounted here.
    pub fn new(proc_root: &Path) -> Self {
        Self {
            stat: proc_root.join("stat"),
            meminfo: proc_root.join("meminfo"),
            // The network namespace of init is the host's, also where the agent has its own.
            net_dev: proc_root.join("1/net/dev"),
            buffer: Vec::new(),
        }
    }

    /// Reads everything; a part that cannot be read is absent in the sample and has its reason in the list.
    pub fn sample(&mut self) -> (NodeSample, Vec<NodeError>) {
        let mut errors = Vec::new();
        let mut keep = |error| errors.push(error);
        let buffer = &mut self.buffer;
        let sample = NodeSample {
            cpus: read(&self.stat, buffer, cpu::parse).map_err(&mut keep).ok(),
            memory_kib: read(&self.meminfo, buffer, parse_meminfo).map_err(&mut keep).ok(),
            interfaces: read(&self.net_dev, buffer, parse_net_dev).map_err(&mut keep).ok(),
        };
        (sample, errors)
    }
}

fn read<T>(path: &Path, buffer: &mut Vec<u8>, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> Result<T, NodeError> {
    buffer.clear();
    File::open(path)
        .and_then(|mut file| file.read_to_end(buffer))
        .map_err(|source| NodeError::Read {
            path: path.to_owned(),
            source,
        })?;
    parse(buffer).map_err(|reason| NodeError::Malformed {
        path: path.to_owned(),
        reason,
    })
}

fn parse_meminfo(text: &[u8]) -> Result<MemoryKib, String> {
    let meminfo = Meminfo::from_buf_read(text).map_err(|error| error.to_string())?;
    // The crate turns the KiB of the file into bytes.
    Ok(MemoryKib {
        total: meminfo.mem_total / 1024,
        available: meminfo.mem_available.map(|bytes| bytes / 1024),
    })
}

fn parse_net_dev(text: &[u8]) -> Result<BTreeMap<String, InterfaceBytes>, String> {
    let devices = InterfaceDeviceStatus::from_buf_read(text).map_err(|error| error.to_string())?;
    let bytes = devices
        .0
        .into_values()
        .filter(|device| !device.name.starts_with("veth"))
        .map(|device| {
            let bytes = InterfaceBytes {
                rx: device.recv_bytes,
                tx: device.sent_bytes,
            };
            (device.name, bytes)
        });
    Ok(bytes.collect())
}

#[cfg(test)]
mod tests;
