//! What a reader has to know before they believe a list of containers.

use crate::client::{reply::Node, text};

/// Why containers are not those that run now, if Docker does not tell the agent.
pub(super) fn with_docker(node: &Node) -> Option<String> {
    match node.docker.as_deref() {
        None | Some("connected") => None,
        Some("away") => Some("Docker is away: containers are those that were known".to_owned()),
        Some("never_reached") => Some("Docker has never been reached: no container is known".to_owned()),
        Some(other) => Some(format!("Docker: {}", text::clean(other))),
    }
}
