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
    /// Grows with each table.
    pub generation: u64,
}

impl Default for ContainerTable {
    fn default() -> Self {
        Self {
            by_id: HashMap::new(),
            docker: DockerState::NeverReached,
            generation: 0,
        }
    }
}

impl ContainerTable {
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
