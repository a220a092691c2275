//! Memory at a tick: every container's now and then, and each tick that of containers which somebody asks about.
//!
//! A container's memory takes three reads, one of them of a long text, and is most of what a tick costs; CPU and network of
//! all containers take a few calls together. Two of the three are left out for a container in which nothing ran since they
//! were read and of which the third tells what it told: nothing of it has changed.

use std::collections::HashMap;

use crate::{
    cgroup::Mounts,
    containers::{Container, ContainerId, ContainerTable},
    memory::{MemoryError, MemoryFiles, MemoryReading},
};

/// All of a container's memory is read every so many ticks, whether anybody asks or not.
const READ_EVERY_TICKS: u64 = 10;
/// Somebody who asked once in so many ticks is taken to ask again.
const WANTED_FOR_TICKS: u64 = 60;

/// The files of all containers, open, and what they last said.
#[derive(Debug)]
pub(super) struct MemorySampler {
    mounts: Mounts,
    open: HashMap<ContainerId, OpenMemory>,
    tick: u64,
    /// One for all files.
    buffer: Vec<u8>,
}

/// Memory files of one container, and whose they are: a restart gives it a new cgroup.
#[derive(Debug)]
struct OpenMemory {
    cgroup_id: Option<u64>,
    started_ns: Option<u64>,
    files: MemoryFiles,
    last: LastRead,
    /// When somebody last asked. A container that is new counts as asked about: its memory is still growing.
    wanted_at_tick: u64,
}

/// What all files of a container said together.
#[derive(Debug)]
struct LastRead {
    tick: u64,
    memory: MemoryReading,
    usage_bytes: u64,
    moved_by: MovedBy,
}

/// What a container's memory can change with: its processes run, or Docker is told another limit. What the kernel takes from
/// one that sleeps is seen in its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MovedBy {
    cpu_ns: u64,
    limit_bytes: Option<u64>,
}

/// What a tick reads of a container's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Nothing,
    /// The usage, and the others only if that is another.
    Usage,
    All,
}

impl MemorySampler {
    pub(super) fn new(mounts: Mounts) -> Self {
        Self {
            mounts,
            open: HashMap::new(),
            tick: 0,
            buffer: Vec::new(),
        }
    }

    /// Closes the files of containers that run no more.
    pub(super) fn start_tick(&mut self, table: &ContainerTable) {
        self.tick += 1;
        self.open
            .retain(|id, _| table.by_id.get(id).is_some_and(|container| container.is_running()));
    }

    /// Somebody has asked about this container since the last tick.
    pub(super) fn note_asked(&mut self, id: ContainerId) {
        if let Some(open) = self.open.get_mut(&id) {
            open.wanted_at_tick = self.tick;
        }
    }

    /// What a container uses that has had `cpu_ns` of CPU time: as of this tick if somebody asks about it, else of one of the
    /// last few. `None` where it has ended, or where its cgroup is not known yet.
    pub(super) fn reading(&mut self, container: &Container, cpu_ns: u64) -> Result<Option<MemoryReading>, MemoryError> {
        let limit_bytes = container.limits.as_ref().and_then(|limits| limits.memory_bytes);
        let read = self.read(container, MovedBy { cpu_ns, limit_bytes });
        if read.is_err() {
            self.open.remove(&container.id);
        }
        match read {
            // A container that ends between two events is nothing to tell.
            Err(MemoryError::Gone { .. }) => Ok(None),
            read => read,
        }
    }

    fn read(&mut self, container: &Container, moved_by: MovedBy) -> Result<Option<MemoryReading>, MemoryError> {
        let Some(place) = container.place.as_ref() else {
            return Ok(None);
        };
        let known = self
            .open
            .get_mut(&container.id)
            .filter(|open| open.cgroup_id == place.cgroup_id && open.started_ns == container.started_ns);
        if let Some(open) = known {
            let is_moved = open.last.moved_by != moved_by;
            let look = look(self.tick, open.last.tick, open.wanted_at_tick, is_moved);
            if look != Look::Nothing {
                let usage_bytes = open.files.usage_bytes(&mut self.buffer)?;
                if look == Look::All || usage_bytes != open.last.usage_bytes {
                    open.last = LastRead::of(&open.files, usage_bytes, &mut self.buffer, self.tick, moved_by)?;
                }
            }
            return Ok(Some(open.last.memory));
        }
        let files = MemoryFiles::open(&self.mounts, &place.dirs)?;
        let usage_bytes = files.usage_bytes(&mut self.buffer)?;
        let last = LastRead::of(&files, usage_bytes, &mut self.buffer, self.tick, moved_by)?;
        let memory = last.memory;
        let open = OpenMemory {
            cgroup_id: place.cgroup_id,
            started_ns: container.started_ns,
            files,
            last,
            wanted_at_tick: self.tick,
        };
        self.open.insert(container.id, open);
        Ok(Some(memory))
    }
}

impl LastRead {
    fn of(
        files: &MemoryFiles,
        usage_bytes: u64,
        buffer: &mut Vec<u8>,
        tick: u64,
        moved_by: MovedBy,
    ) -> Result<Self, MemoryError> {
        Ok(Self {
            tick,
            memory: files.read_beside(usage_bytes, buffer)?,
            usage_bytes,
            moved_by,
        })
    }
}

fn look(tick: u64, read_at_tick: u64, wanted_at_tick: u64, is_moved: bool) -> Look {
    if tick - read_at_tick >= READ_EVERY_TICKS {
        Look::All
    } else if tick - wanted_at_tick > WANTED_FOR_TICKS {
        Look::Nothing
    } else if is_moved {
        Look::All
    } else {
        Look::Usage
    }
}

#[cfg(test)]
mod tests;
