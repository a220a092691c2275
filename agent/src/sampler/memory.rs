//! Memory at a tick: every container's now and then, and each tick that of containers which somebody asks about.
//!
//! A container's memory takes three reads, one of them of a long text, and is most of what a tick costs; CPU and network of
//! all containers take a few calls together.

use std::collections::HashMap;

use crate::{
    cgroup::Mounts,
    containers::{Container, ContainerId, ContainerTable},
    memory::{MemoryError, MemoryFiles, MemoryReading},
};

/// Memory that nobody asks about is read every so many ticks.
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
    last: MemoryReading,
    read_at_tick: u64,
    /// When somebody last asked. A container that is new counts as asked about: its memory is still growing.
    wanted_at_tick: u64,
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

    /// What a container uses: as of this tick if somebody asks about it, else of one of the last few. `None` where it has
    /// ended, or where its cgroup is not known yet.
    pub(super) fn reading(&mut self, container: &Container) -> Result<Option<MemoryReading>, MemoryError> {
        let read = self.read(container);
        if read.is_err() {
            self.open.remove(&container.id);
        }
        match read {
            // A container that ends between two events is nothing to tell.
            Err(MemoryError::Gone { .. }) => Ok(None),
            read => read,
        }
    }

    fn read(&mut self, container: &Container) -> Result<Option<MemoryReading>, MemoryError> {
        let Some(place) = container.place.as_ref() else {
            return Ok(None);
        };
        let known = self
            .open
            .get_mut(&container.id)
            .filter(|open| open.cgroup_id == place.cgroup_id && open.started_ns == container.started_ns);
        if let Some(open) = known {
            if is_due(self.tick, open.read_at_tick, open.wanted_at_tick) {
                open.last = open.files.read(&mut self.buffer)?;
                open.read_at_tick = self.tick;
            }
            return Ok(Some(open.last));
        }
        let files = MemoryFiles::open(&self.mounts, &place.dirs)?;
        let last = files.read(&mut self.buffer)?;
        let open = OpenMemory {
            cgroup_id: place.cgroup_id,
            started_ns: container.started_ns,
            files,
            last,
            read_at_tick: self.tick,
            wanted_at_tick: self.tick,
        };
        self.open.insert(container.id, open);
        Ok(Some(last))
    }
}

fn is_due(tick: u64, read_at_tick: u64, wanted_at_tick: u64) -> bool {
    tick - wanted_at_tick <= WANTED_FOR_TICKS || tick - read_at_tick >= READ_EVERY_TICKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_each_tick_while_somebody_asks_and_now_and_then_else() {
        for (tick, read_at, wanted_at, due) in [
            (5, 4, 5, true),
            (64, 63, 4, true),
            (65, 64, 4, false),
            (73, 64, 4, false),
            (74, 64, 4, true),
        ] {
            assert_eq!(is_due(tick, read_at, wanted_at), due, "{tick} {read_at} {wanted_at}");
        }
    }
}
