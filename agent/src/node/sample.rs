//! One reading of the node's counters.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use procfs::{FromBufRead as _, Meminfo, net::InterfaceDeviceStatus};

use super::{
    NodeError,
    cpu::{self, CpuName, CpuTicks},
    uplinks,
};

/// Samples between two looks for uplinks: the table of routes has some lines for each container.
const LOOK_FOR_UPLINKS_EVERY: u32 = 30;

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
    /// Those of them that lead out of the node; none where that is not known.
    pub uplinks: BTreeSet<String>,
}

/// Reads a node's `/proc`, mounted anywhere. Three files a sample, and two more now and then, into one buffer that is kept.
#[derive(Debug)]
pub struct Node {
    stat: PathBuf,
    meminfo: PathBuf,
    net_dev: PathBuf,
    route: PathBuf,
    ipv6_route: PathBuf,
    uplinks: BTreeSet<String>,
    samples: u32,
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
            route: proc_root.join("1/net/route"),
            ipv6_route: proc_root.join("1/net/ipv6_route"),
            uplinks: BTreeSet::new(),
            samples: 0,
            buffer: Vec::new(),
        }
    }

    /// Reads everything; a part that cannot be read is absent in the sample and has its reason in the list.
    pub fn sample(&mut self) -> (NodeSample, Vec<NodeError>) {
        if self.samples.is_multiple_of(LOOK_FOR_UPLINKS_EVERY) {
            self.look_for_uplinks();
        }
        self.samples = self.samples.wrapping_add(1);
        let mut errors = Vec::new();
        let mut keep = |error| errors.push(error);
        let buffer = &mut self.buffer;
        let sample = NodeSample {
            cpus: read(&self.stat, buffer, cpu::parse).map_err(&mut keep).ok(),
            memory_kib: read(&self.meminfo, buffer, parse_meminfo).map_err(&mut keep).ok(),
            interfaces: read(&self.net_dev, buffer, parse_net_dev).map_err(&mut keep).ok(),
            uplinks: self.uplinks.clone(),
        };
        (sample, errors)
    }
}

impl Node {
    /// A kernel without the one or the other protocol has no such file: nothing to tell of.
    fn look_for_uplinks(&mut self) {
        let buffer = &mut self.buffer;
        let parsed = |parse: fn(&str) -> BTreeSet<String>| move |text: &[u8]| Ok(parse(&String::from_utf8_lossy(text)));
        let ipv4 = read(&self.route, buffer, parsed(uplinks::of_ipv4));
        let ipv6 = read(&self.ipv6_route, buffer, parsed(uplinks::of_ipv6));
        self.uplinks = ipv4.into_iter().chain(ipv6).flatten().collect();
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
