//! Memory of one container, from the files of its cgroup, kept open.
//!
//! The figure is the one that `docker stats` shows: usage less the file cache that the kernel would drop first.

mod parse;

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use crate::cgroup::{ContainerDirs, Mounts};

/// Where a buffer for [`MemoryFiles::usage_bytes`] starts: the longest of the files, `memory.stat`, fits with room.
const BUFFER_BYTES: usize = 16 * 1024;
/// Where it ends: a `memory.stat` longer than this is no such file.
const MAX_BUFFER_BYTES: usize = 256 * 1024;

/// Names of the files in one version of the controller, and what tells its parts.
struct Layout {
    usage: &'static str,
    limit: &'static str,
    /// In `memory.stat`: file cache not used of late, of the cgroup and all below it.
    inactive_key: &'static str,
}

const V2: Layout = Layout {
    usage: "memory.current",
    limit: "memory.max",
    inactive_key: "inactive_file",
};

const V1: Layout = Layout {
    usage: "memory.usage_in_bytes",
    limit: "memory.limit_in_bytes",
    inactive_key: "total_inactive_file",
};

/// What opening or reading the memory files of a container can meet.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The container is in no cgroup of its own with memory files: not a fault of the agent or the container.
    #[error("the container has no cgroup of its own with a memory controller")]
    NoController,
    /// The cgroup was removed: the container has ended.
    #[error("the cgroup {} is gone", .path.display())]
    Gone {
        /// Its directory, or a file in it.
        path: PathBuf,
    },
    /// A file could not be opened or read.
    #[error("reading {} failed: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file holds something else than it should.
    #[error("{} has no {expected}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
    },
}

impl MemoryError {
    fn read(path: PathBuf, source: io::Error) -> Self {
        // kernfs says "no such device" for a file that was open when its cgroup was removed.
        if source.kind() == io::ErrorKind::NotFound || Errno::from_io_error(&source) == Some(Errno::NODEV) {
            Self::Gone { path }
        } else {
            Self::Read { path, source }
        }
    }
}

/// Memory of a container at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryReading {
    /// Bytes in use, without inactive file cache.
    pub used_bytes: u64,
    /// The most it may use; `None` if nothing limits it.
    pub limit_bytes: Option<u64>,
}

/// The memory files of one container, open. Three descriptors.
#[derive(Debug)]
pub struct MemoryFiles {
    dir: PathBuf,
    layout: &'static Layout,
    usage: File,
    stat: File,
    limit: File,
}

impl std::fmt::Debug for Layout {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.usage)
    }
}

impl MemoryFiles {
    /// Opens the files where they are: in the v2 directory, or, on a hybrid node, where that has none, in the
    /// v1 one.
    pub fn open(mounts: &Mounts, dirs: &ContainerDirs) -> Result<Self, MemoryError> {
        let places = [(mounts.v2_dir(dirs), &V2), (mounts.memory_v1_dir(dirs), &V1)];
        let mut gone = None;
        for (dir, layout) in places {
            let Some(dir) = dir else { continue };
            if dir.join(layout.usage).exists() {
                return Self::open_in(dir, layout);
            }
            if !dir.exists() {
                gone = Some(dir);
            }
        }
        Err(gone.map_or(MemoryError::NoController, |path| MemoryError::Gone { path }))
    }

    fn open_in(dir: PathBuf, layout: &'static Layout) -> Result<Self, MemoryError> {
        let open = |name: &str| {
            let path = dir.join(name);
            File::open(&path).map_err(|source| MemoryError::read(path, source))
        };
        Ok(Self {
            usage: open(layout.usage)?,
            stat: open(STAT)?,
            limit: open(layout.limit)?,
            dir,
            layout,
        })
    }

    /// The directory that the files are in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Reads the one file that tells all that is charged to the container, in bytes: the cheapest of the three. Nothing is
    /// opened; `buffer` is room to work in, to be handed in again the next time: nothing is allocated once it has grown.
    pub fn usage_bytes(&self, buffer: &mut Vec<u8>) -> Result<u64, MemoryError> {
        let text = self.text(&self.usage, self.layout.usage, buffer)?;
        parse::number(text).ok_or_else(|| self.malformed(self.layout.usage, "number"))
    }

    /// Reads the other two, and puts them with a usage that was read just now.
    pub fn read_beside(&self, usage_bytes: u64, buffer: &mut Vec<u8>) -> Result<MemoryReading, MemoryError> {
        let layout = self.layout;
        let text = self.text(&self.limit, layout.limit, buffer)?;
        let limit_bytes = parse::limit(text).ok_or_else(|| self.malformed(layout.limit, "number"))?;
        let text = self.text(&self.stat, STAT, buffer)?;
        let inactive_bytes =
            parse::keyed(text, layout.inactive_key).ok_or_else(|| self.malformed(STAT, layout.inactive_key))?;
        Ok(MemoryReading {
            used_bytes: used_bytes(usage_bytes, inactive_bytes),
            limit_bytes,
        })
    }

    fn text<'b>(&self, file: &File, name: &str, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], MemoryError> {
        let failed = |source| MemoryError::read(self.dir.join(name), source);
        if buffer.len() < BUFFER_BYTES {
            buffer.resize(BUFFER_BYTES, 0);
        }
        loop {
            // One read gives one consistent text: the kernel writes these files afresh at offset 0.
            let length = file.read_at(buffer, 0).map_err(failed)?;
            if length < buffer.len() {
                return Ok(&buffer[..length]);
            }
            if buffer.len() >= MAX_BUFFER_BYTES {
                return Err(failed(io::ErrorKind::FileTooLarge.into()));
            }
            buffer.resize(buffer.len() * 2, 0);
        }
    }

    fn malformed(&self, name: &str, expected: &'static str) -> MemoryError {
        MemoryError::Malformed {
            path: self.dir.join(name),
            expected,
        }
    }
}

const STAT: &str = "memory.stat";

/// As `docker stats` computes it; the two are read one after the other, so cache can seem larger than usage,
/// and then it is not taken off.
fn used_bytes(usage_bytes: u64, inactive_bytes: u64) -> u64 {
    if inactive_bytes < usage_bytes {
        usage_bytes - inactive_bytes
    } else {
        usage_bytes
    }
}

/// Bytes that a container can still take: up to its limit, or, where nothing below the size of the node limits
/// it, what the node has available. `None` if that is not known.
pub fn free_memory_bytes(
    reading: MemoryReading,
    node_available_bytes: Option<u64>,
    node_total_bytes: Option<u64>,
) -> Option<u64> {
    match reading.limit_bytes {
        Some(limit) if node_total_bytes.is_none_or(|total| limit < total) => {
            Some(limit.saturating_sub(reading.used_bytes))
        }
        _ => node_available_bytes,
    }
}

#[cfg(test)]
mod tests;
