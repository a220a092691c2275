//! What an attempt to create a container may leave: one that was made although Docker's answer never came, and one that neither
//! started nor could be removed.

use std::{fmt, time::Duration};

use crate::{
    containers::{ContainerId, ContainerTable, Containers},
    docker::{DockerError, Engine},
};

/// How long an engine may go on with what nobody waits for any more.
const PATIENCE: Duration = Duration::from_mins(10);
/// Between two looks at the table, which the agent keeps anyway.
const LOOK: Duration = Duration::from_secs(1);
/// The longest time between two attempts to remove it.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What nobody asks for any more.
#[derive(Debug)]
pub(super) enum Leftover {
    /// A container.
    Known(ContainerId),
    /// One of this name, if Docker makes it yet.
    Named(String),
}

impl fmt::Display for Leftover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(id) => write!(formatter, "the container {id}"),
            Self::Named(name) => write!(formatter, "the container {name}, which Docker may still make"),
        }
    }
}

impl Leftover {
    /// Removes it. Ends when it is gone, or when no engine would still make it or remove it.
    pub(super) async fn clear_away(&self, engine: &Engine, containers: &Containers) {
        let known = match self {
            Self::Known(id) => Some(*id),
            Self::Named(name) => tokio::time::timeout(PATIENCE, made(containers, name)).await.ok(),
        };
        let Some(id) = known else {
            return tracing::debug!("it was not made: {self}");
        };
        let removing = async {
            let mut pause = LOOK;
            while let Err(error) = remove(engine, id).await {
                tracing::warn!(container = %id, "nobody asks for it any more, and it is not removed yet: {error}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        if tokio::time::timeout(PATIENCE, removing).await.is_ok() {
            tracing::warn!(container = %id, "nobody asked for it any more, and it is removed");
        } else {
            tracing::error!(container = %id, "nobody asks for it any more, and Docker does not remove it: remove it by hand");
        }
    }
}

/// Waits until there is a container of this name.
async fn made(containers: &Containers, name: &str) -> ContainerId {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Some(id) = find(&containers.table(), name) {
            return id;
        }
    }
}

/// Removes a container. One that is gone is removed; one that is being removed is not yet.
pub(super) async fn remove(engine: &Engine, id: ContainerId) -> Result<(), DockerError> {
    match engine.remove(id).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Whether Docker may have done what it was asked for: it did not say no.
pub(super) fn is_possible(error: &DockerError) -> bool {
    match error {
        DockerError::Timeout { .. } | DockerError::Unreachable { .. } | DockerError::Nonsense { .. } => true,
        DockerError::Refused { .. } => false,
    }
}

/// Names are the agent's own, with a random part: no other container of the agent has it.
fn find(table: &ContainerTable, name: &str) -> Option<ContainerId> {
    let container = table
        .by_id
        .values()
        .find(|container| container.is_managed && *container.name == *name)?;
    Some(container.id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::containers::Container;

    #[test]
    fn only_a_container_of_that_name_that_the_agent_made_is_found() {
        let id: ContainerId = "1f".repeat(32).parse().unwrap();
        let table = |name: &str, is_managed| {
            let container = Container {
                name: name.into(),
                is_managed,
                ..Container::unknown(id)
            };
            let mut table = ContainerTable::default();
            table.by_id.insert(id, Arc::new(container));
            table
        };
        assert_eq!(find(&table("web-0-7", true), "web-0-7"), Some(id));
        assert_eq!(find(&table("web-0-7", false), "web-0-7"), None, "somebody else's");
        assert_eq!(find(&table("web-0-70", true), "web-0-7"), None);
    }

    #[test]
    fn a_refusal_leaves_nothing() {
        let refused = DockerError::Refused {
            call: "create container",
            status: 500,
            message: "no room".to_owned(),
        };
        let late = DockerError::Timeout {
            call: "create container",
            deadline: LOOK,
        };
        assert_eq!([refused, late].map(|error| is_possible(&error)), [false, true]);
    }
}
