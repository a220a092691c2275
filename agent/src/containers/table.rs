//! What is known of the containers of this node at one moment.

use std::{collections::HashMap, sync::Arc};

use super::{
    container::Container,
    id::{ContainerId, ContainerRef, ResolveError},
};

/// How things stand with Docker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DockerState {
    /// It has not answered since the agent started: nothing is known of any container.
    NeverReached,
    /// It answers, and the table follows its events.
    Connected,
    /// It did, and does not now: the table is what was last known.
    Away,
}

/// Every container of the node, whatever its state. Immutable: each change makes a new one.
#[derive(Clone, Debug)]
pub struct ContainerTable {
    /// By full id.
    pub by_id: HashMap<ContainerId, Arc<Container>>,
    /// How things stand with Docker.
    pub docker: DockerState,
    /// Of those that had one killed: processes that the kernel killed for want of memory, since the agent started.
    pub oom_kills: HashMap<ContainerId, OomKills>,
    /// Grows with each table.
    pub generation: u64,
}

impl Default for ContainerTable {
    fn default() -> Self {
        Self {
            by_id: HashMap::new(),
            docker: DockerState::NeverReached,
            oom_kills: HashMap::new(),
            generation: 0,
        }
    }
}

/// Docker's word of killed processes. The cgroup's own count ends with the cgroup, which is when the first process was killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OomKills {
    /// How many.
    pub count: u64,
    /// When the last was, in ns since 1970 of the engine's clock.
    last_ns: Option<u64>,
}

impl OomKills {
    /// One more; `false` for one that is told twice, as events around the beginning of a session with Docker are.
    #[must_use]
    pub fn add(&mut self, at_ns: Option<u64>) -> bool {
        let is_new = at_ns.is_none() || at_ns > self.last_ns;
        if is_new {
            self.count += 1;
            self.last_ns = at_ns.or(self.last_ns);
        }
        is_new
    }
}

impl ContainerTable {
    /// It is no more.
    pub fn forget(&mut self, id: ContainerId) {
        self.by_id.remove(&id);
        self.oom_kills.remove(&id);
    }

    /// The containers that run.
    pub fn running(&self) -> impl Iterator<Item = &Arc<Container>> {
        self.by_id.values().filter(|container| container.is_running())
    }

    /// The one container that is meant.
    pub fn resolve(&self, reference: &ContainerRef) -> Result<&Arc<Container>, ResolveError> {
        if let ContainerRef::Full(id) = reference
            && let Some(container) = self.by_id.get(id)
        {
            return Ok(container);
        }
        let id = reference.resolve(self.by_id.values().map(|container| (container.id, &*container.name)))?;
        self.by_id.get(&id).ok_or(ResolveError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_that_is_told_twice_is_one() {
        let mut kills = OomKills::default();
        let new = [Some(5), Some(5), Some(7), Some(6), None, Some(8)].map(|at_ns| kills.add(at_ns));
        assert_eq!(new, [true, false, true, false, true, true]);
        assert_eq!(kills.count, 4);
    }
}
