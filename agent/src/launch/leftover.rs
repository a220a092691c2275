//! A container that Docker may have made although its answer never came.

use std::time::Duration;

use crate::{
    containers::{ContainerId, ContainerTable, Containers},
    docker::{DockerError, Engine},
};

/// How long an engine may go on with what nobody waits for any more.
const PATIENCE: Duration = Duration::from_mins(10);
/// Between two looks at the table, which the agent keeps anyway.
const LOOK: Duration = Duration::from_secs(1);

/// Whether Docker may have done what it was asked for: it did not say no.
pub(super) fn is_possible(error: &DockerError) -> bool {
    match error {
        DockerError::Timeout { .. } | DockerError::Unreachable { .. } | DockerError::Nonsense { .. } => true,
        DockerError::Refused { .. } => false,
    }
}

/// Removes the container of this name as soon as the table shows it. Ends when it is gone, or when no engine would still make it.
pub(super) async fn clear_away(engine: &Engine, containers: &Containers, name: &str) {
    let looking = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(id) = find(&containers.table(), name) else {
                continue;
            };
            match engine.remove(id).await {
                Err(error) if !error.is_not_found() => {
                    tracing::warn!(container = %id, "it was made after its caller had been told that it was not, and is not removed yet: {error}");
                }
                _ => {
                    tracing::warn!(container = %id, "it was made after its caller had been told that it was not, and is removed");
                    return;
                }
            }
        }
    };
    if tokio::time::timeout(PATIENCE, looking).await.is_err() {
        tracing::debug!(%name, "Docker did not make it");
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
