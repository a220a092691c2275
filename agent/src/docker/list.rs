//! `GET /containers/json`: the containers, each entry kept as the engine wrote it.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{connect::Engine, error::DockerError};
use crate::containers::id::ContainerId;

/// One container of the list.
#[derive(Debug)]
pub struct ListEntry {
    /// What the agent needs of it.
    pub facts: ListFacts,
    /// The whole entry, to the byte.
    pub raw: Box<RawValue>,
}

/// The fields of an entry that the agent itself reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListFacts {
    /// Full id.
    pub id: ContainerId,
    /// Names with their leading slash; the container's own is first, names from links follow.
    #[serde(default)]
    pub names: Vec<String>,
    /// Image as it was asked for.
    #[serde(default)]
    pub image: String,
    /// `created`, `running`, `paused`, `exited`, ... as the engine says it.
    #[serde(default)]
    pub state: String,
    /// Labels.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub labels: HashMap<String, String>,
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<HashMap<String, String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Which containers a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListScope {
    /// Those that run, paused ones included: what `docker ps` shows.
    Running,
    /// Every one, whatever its state.
    All,
}

impl Engine {
    /// Lists containers. Costs the engine much: callers share it.
    pub async fn list(&self, scope: ListScope) -> Result<Vec<ListEntry>, DockerError> {
        let path = match scope {
            ListScope::Running => "/containers/json",
            ListScope::All => "/containers/json?all=1",
        };
        parse(&self.get_raw("list containers", path).await?)
    }
}

/// The names of one entry never fail the whole list: only text that is not a list of objects with ids does.
fn parse(body: &Bytes) -> Result<Vec<ListEntry>, DockerError> {
    let nonsense = |error: serde_json::Error| DockerError::Nonsense {
        call: "list containers",
        reason: error.to_string(),
    };
    let entries: Vec<Box<RawValue>> = serde_json::from_slice(body).map_err(nonsense)?;
    entries
        .into_iter()
        .map(|raw| {
            let facts = serde_json::from_str(raw.get()).map_err(nonsense)?;
            Ok(ListEntry { facts, raw })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_fields_and_states_that_nobody_has_heard_of() {
        let id = "ab".repeat(32);
        let text = format!(r#"[{{"Id":"{id}","Names":["/a"],"State":"levitating","New":{{"x":1}},"Labels":null}}]"#);
        let entries = parse(&Bytes::from(text.clone())).unwrap();
        assert_eq!(entries[0].facts.state, "levitating");
        assert_eq!(format!("[{}]", entries[0].raw.get()), text);
    }

    #[test]
    fn what_is_not_a_list_of_containers_is_nonsense() {
        for text in ["", "{}", "[1]", "<html>", r#"[{"Id":"short"}]"#] {
            assert!(
                matches!(parse(&Bytes::from(text)), Err(DockerError::Nonsense { .. })),
                "{text}"
            );
        }
    }
}
