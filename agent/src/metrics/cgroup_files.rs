//! What the kernel's own accounts tell of a container beyond what the agent counts: `cpu.stat`, `memory.stat` and their like, kept
//! open while somebody scrapes.
//!
//! Of a container in which nothing ran since they were read, and to which as much memory is charged, they say what they said: one
//! read in place of six tells that.

use std::{collections::HashMap, fs::File, io, os::unix::fs::FileExt as _, path::Path};

use crate::{
    cgroup::Mounts,
    containers::{Container, ContainerId},
    node::tick_ns,
};

/// The longest of the files fits with room.
const BUFFER_BYTES: usize = 16 * 1024;
/// All files are read again after so many snapshots, whatever speaks against it.
const READ_EVERY_SNAPSHOTS: u64 = 10;

/// What the files of one container say; `None` is a figure that this kernel does not keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Time in programs, in ns.
    pub cpu_user_ns: Option<u64>,
    /// Time in the kernel, in ns.
    pub cpu_system_ns: Option<u64>,
    /// Periods in which a quota was in force.
    pub periods: Option<u64>,
    /// Of these, those in which it was used up.
    pub throttled_periods: Option<u64>,
    /// Time that tasks waited for the next period, in ns.
    pub throttled_ns: Option<u64>,
    /// All that is charged, in bytes.
    pub usage_bytes: Option<u64>,
    /// Memory of programs, in bytes.
    pub anon_bytes: Option<u64>,
    /// File cache, in bytes.
    pub file_bytes: Option<u64>,
    /// Of it mapped by programs, in bytes.
    pub mapped_bytes: Option<u64>,
    /// File cache used of late, in bytes.
    pub active_file_bytes: Option<u64>,
    /// File cache not used of late, in bytes.
    pub inactive_file_bytes: Option<u64>,
    /// Swapped out, in bytes.
    pub swap_bytes: Option<u64>,
    /// Page faults.
    pub faults: Option<u64>,
    /// Page faults that read from a disk.
    pub major_faults: Option<u64>,
    /// Processes that the kernel killed for want of memory.
    pub oom_kills: Option<u64>,
}

/// What a scrape knows of a container before it reads files.
#[derive(Clone, Copy, Debug)]
pub struct AsOf {
    /// Number of the snapshot.
    pub seq: u64,
    /// CPU time that the container has had by it, in ns.
    pub cpu_ns: u64,
}

/// The files of all containers that somebody scrapes.
#[derive(Debug)]
pub struct CgroupFiles {
    mounts: Mounts,
    open: HashMap<ContainerId, Open>,
    buffer: Vec<u8>,
}

/// The files of one run of a container.
#[derive(Debug)]
struct Open {
    cgroup_id: Option<u64>,
    started_ns: Option<u64>,
    /// In which version of the controllers, and where.
    cpu: Vec<(CpuFile, File)>,
    memory: Vec<(MemoryFile, File)>,
    last: Option<(AsOf, Accounts)>,
}

#[derive(Clone, Copy, Debug)]
enum CpuFile {
    /// v2 `cpu.stat`, microseconds.
    Stat,
    /// v1 `cpuacct.stat`, ticks.
    AcctStat,
    /// v1 `cpu.stat`, nanoseconds.
    StatV1,
}

#[derive(Clone, Copy, Debug)]
enum MemoryFile {
    Usage,
    Stat,
    StatV1,
    Swap,
    Events,
    OomControl,
}

const CPU_V2: &[(CpuFile, &str)] = &[(CpuFile::Stat, "cpu.stat")];
const TIMES_V1: &[(CpuFile, &str)] = &[(CpuFile::AcctStat, "cpuacct.stat")];
const QUOTA_V1: &[(CpuFile, &str)] = &[(CpuFile::StatV1, "cpu.stat")];
const MEMORY_V2: &[(MemoryFile, &str)] = &[
    (MemoryFile::Usage, "memory.current"),
    (MemoryFile::Stat, "memory.stat"),
    (MemoryFile::Swap, "memory.swap.current"),
    (MemoryFile::Events, "memory.events"),
];
const MEMORY_V1: &[(MemoryFile, &str)] = &[
    (MemoryFile::Usage, "memory.usage_in_bytes"),
    (MemoryFile::StatV1, "memory.stat"),
    (MemoryFile::OomControl, "memory.oom_control"),
];

impl CgroupFiles {
    /// None open yet.
    pub fn new(mounts: Mounts) -> Self {
        Self {
            mounts,
            open: HashMap::new(),
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    /// Closes the files of containers that are not among these.
    pub fn keep_only(&mut self, is_told: impl Fn(ContainerId) -> bool) {
        self.open.retain(|id, _| is_told(*id));
    }

    /// What the files of a container say now. Of a file that is gone or not there, nothing.
    pub fn read(&mut self, container: &Container, as_of: AsOf) -> Accounts {
        let Some(place) = container.place.as_ref() else {
            return Accounts::default();
        };
        let is_known = |open: &Open| open.cgroup_id == place.cgroup_id && open.started_ns == container.started_ns;
        if !self.open.get(&container.id).is_some_and(is_known) {
            let open = Open::of(&self.mounts, container);
            self.open.insert(container.id, open);
        }
        match self.open.get_mut(&container.id) {
            Some(open) => open.read(as_of, &mut self.buffer),
            None => Accounts::default(),
        }
    }
}

impl Open {
    fn of(mounts: &Mounts, container: &Container) -> Self {
        let mut open = Self {
            cgroup_id: None,
            started_ns: container.started_ns,
            cpu: Vec::new(),
            memory: Vec::new(),
            last: None,
        };
        let Some(place) = container.place.as_ref() else {
            return open;
        };
        open.cgroup_id = place.cgroup_id;
        let [v2, cpu, cpuacct, memory] = [
            mounts.v2_dir(&place.dirs),
            mounts.cpu_v1_dir(&place.dirs),
            mounts.cpuacct_v1_dir(&place.dirs),
            mounts.memory_v1_dir(&place.dirs),
        ];
        open.cpu = files(v2.as_deref(), CPU_V2);
        // On a hybrid node the v2 cgroup has no controllers: its `cpu.stat` tells times, and nothing of a quota.
        if open.cpu.is_empty() {
            open.cpu = files(cpuacct.as_deref(), TIMES_V1);
        }
        open.cpu.extend(files(cpu.as_deref(), QUOTA_V1));
        let memory = [(v2.as_deref(), MEMORY_V2), (memory.as_deref(), MEMORY_V1)];
        let found = memory.into_iter().map(|(dir, names)| files(dir, names));
        open.memory = found.into_iter().find(|files| !files.is_empty()).unwrap_or_default();
        open
    }

    fn read(&mut self, as_of: AsOf, buffer: &mut [u8]) -> Accounts {
        if let Some(last) = self.unchanged(as_of, buffer) {
            return last;
        }
        let mut accounts = Accounts::default();
        for (kind, file) in &self.cpu {
            accounts.take_cpu(*kind, text(file, buffer));
        }
        for (kind, file) in &self.memory {
            accounts.take_memory(*kind, text(file, buffer));
        }
        self.last = Some((as_of, accounts));
        accounts
    }

    /// What all files said last, if they say the same still.
    fn unchanged(&self, as_of: AsOf, buffer: &mut [u8]) -> Option<Accounts> {
        let (then, accounts) = self.last?;
        if as_of.cpu_ns != then.cpu_ns || as_of.seq >= then.seq + READ_EVERY_SNAPSHOTS {
            return None;
        }
        let usage = self.memory.iter().find(|(kind, _)| matches!(kind, MemoryFile::Usage));
        let usage_bytes = usage.and_then(|(_, file)| alone(text(file, buffer)))?;
        (accounts.usage_bytes == Some(usage_bytes)).then_some(accounts)
    }
}

fn files<K: Copy>(dir: Option<&Path>, names: &[(K, &str)]) -> Vec<(K, File)> {
    let open = |dir: &Path, name: &str| File::open(dir.join(name)).ok();
    let found = names.iter().filter_map(|(kind, name)| Some((*kind, open(dir?, name)?)));
    found.collect()
}

fn text<'b>(file: &File, buffer: &'b mut [u8]) -> &'b str {
    let read = |buffer: &mut [u8]| -> io::Result<usize> { file.read_at(buffer, 0) };
    let length = read(buffer).unwrap_or(0);
    std::str::from_utf8(&buffer[..length]).unwrap_or("")
}

impl Accounts {
    fn take_cpu(&mut self, file: CpuFile, text: &str) {
        for (key, value) in pairs(text) {
            let us = Some(value.saturating_mul(1000));
            match (file, key) {
                (CpuFile::Stat, "user_usec") => self.cpu_user_ns = us,
                (CpuFile::Stat, "system_usec") => self.cpu_system_ns = us,
                (CpuFile::Stat, "throttled_usec") => self.throttled_ns = us,
                (CpuFile::StatV1, "throttled_time") => self.throttled_ns = Some(value),
                (CpuFile::AcctStat, "user") => self.cpu_user_ns = Some(value.saturating_mul(tick_ns())),
                (CpuFile::AcctStat, "system") => self.cpu_system_ns = Some(value.saturating_mul(tick_ns())),
                (CpuFile::Stat | CpuFile::StatV1, "nr_periods") => self.periods = Some(value),
                (CpuFile::Stat | CpuFile::StatV1, "nr_throttled") => self.throttled_periods = Some(value),
                _ => {}
            }
        }
    }

    fn take_memory(&mut self, file: MemoryFile, text: &str) {
        match file {
            MemoryFile::Usage => self.usage_bytes = alone(text),
            MemoryFile::Swap => self.swap_bytes = alone(text),
            MemoryFile::Stat | MemoryFile::StatV1 | MemoryFile::Events | MemoryFile::OomControl => {
                pairs(text).for_each(|(key, value)| self.take_memory_line(file, key, value));
            }
        }
    }

    fn take_memory_line(&mut self, file: MemoryFile, key: &str, value: u64) {
        let place = match (file, key) {
            (MemoryFile::Stat, "anon") | (MemoryFile::StatV1, "total_rss") => &mut self.anon_bytes,
            (MemoryFile::Stat, "file") | (MemoryFile::StatV1, "total_cache") => &mut self.file_bytes,
            (MemoryFile::Stat, "file_mapped") | (MemoryFile::StatV1, "total_mapped_file") => &mut self.mapped_bytes,
            (MemoryFile::Stat, "active_file") | (MemoryFile::StatV1, "total_active_file") => {
                &mut self.active_file_bytes
            }
            (MemoryFile::Stat, "inactive_file") | (MemoryFile::StatV1, "total_inactive_file") => {
                &mut self.inactive_file_bytes
            }
            (MemoryFile::StatV1, "total_swap") => &mut self.swap_bytes,
            (MemoryFile::Stat, "pgfault") | (MemoryFile::StatV1, "total_pgfault") => &mut self.faults,
            (MemoryFile::Stat, "pgmajfault") | (MemoryFile::StatV1, "total_pgmajfault") => &mut self.major_faults,
            (MemoryFile::Events | MemoryFile::OomControl, "oom_kill") => &mut self.oom_kills,
            _ => return,
        };
        *place = Some(value);
    }
}

/// A file of one number.
fn alone(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// Lines of a key and a number.
fn pairs(text: &str) -> impl Iterator<Item = (&str, u64)> {
    text.lines().filter_map(|line| {
        let (key, value) = line.split_once(' ')?;
        Some((key, value.trim().parse().ok()?))
    })
}

#[cfg(test)]
mod tests;
