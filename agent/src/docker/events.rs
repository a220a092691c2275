//! `GET /events`: what happens to containers, as it happens.

use std::collections::HashMap;

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::{Stream, StreamExt as _};

use super::{connect::Engine, error::DockerError};
use crate::containers::id::ContainerId;

/// Something happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerEvent {
    /// Which container.
    pub id: ContainerId,
    /// What, as far as the agent cares.
    pub action: ContainerAction,
    /// When, in ns since 1970, if the engine says so.
    pub at_ns: Option<u64>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerAction {
    /// It is gone for good.
    Destroyed,
    /// Its process ended. It may start again.
    Died,
    /// The kernel killed a process of it for want of memory.
    OutOfMemory,
    /// Anything that changes what it is or whether it runs: look at it again.
    Changed,
}

impl Engine {
    /// The stream of events, those of the last moments before `since_ns` (ns since 1970) included, so that nothing
    /// is lost between a list and the stream. It ends when the engine goes away, and does not come back by itself.
    pub fn events(
        &self,
        since_ns: u64,
    ) -> Result<impl Stream<Item = Result<ContainerEvent, DockerError>> + use<'_>, DockerError> {
        const SECOND_NS: u64 = 1_000_000_000;
        let filters = HashMap::from([("type", vec!["container"])]);
        let since = format!("{}.{:09}", since_ns / SECOND_NS, since_ns % SECOND_NS);
        let options = EventsOptionsBuilder::default().filters(&filters).since(&since).build();
        let stream = self.client()?.events(Some(options));
        Ok(stream.filter_map(move |message| {
            let event = match message {
                Ok(message) => classify(
                    message.actor.and_then(|actor| actor.id).as_deref(),
                    message.action.as_deref(),
                    message.time_nano.and_then(|at| at.try_into().ok()),
                )
                .map(Ok),
                Err(error) => Some(Err(self.failed("events")(error))),
            };
            std::future::ready(event)
        }))
    }
}

/// Events that change nothing the agent knows (exec, attach, health, top, ...) are left out.
fn classify(id: Option<&str>, action: Option<&str>, at_ns: Option<u64>) -> Option<ContainerEvent> {
    let id = id?.parse().ok()?;
    let action = match action? {
        "destroy" => ContainerAction::Destroyed,
        "die" => ContainerAction::Died,
        "oom" => ContainerAction::OutOfMemory,
        "create" | "start" | "restart" | "stop" | "kill" | "pause" | "unpause" | "rename" | "update" => {
            ContainerAction::Changed
        }
        _ => return None,
    };
    Some(ContainerEvent { id, action, at_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_change_nothing_are_left_out() {
        let id = "0f".repeat(32);
        for action in ["exec_start: sh", "health_status: healthy", "attach", "top", ""] {
            assert_eq!(classify(Some(&id), Some(action), None), None, "{action}");
        }
        assert_eq!(classify(None, Some("die"), None), None);
        assert_eq!(classify(Some("short"), Some("die"), None), None);
        assert_eq!(
            classify(Some(&id), Some("die"), None).map(|event| event.action),
            Some(ContainerAction::Died)
        );
    }
}
