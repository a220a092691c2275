//! `GET /containers/{id}/json`: one container, kept as the engine wrote it.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Deserialize;

use super::{connect::Engine, error::DockerError};
use crate::containers::id::ContainerId;

/// A container as the engine describes it.
#[derive(Debug)]
pub struct Inspection {
    /// What the agent needs of it.
    pub facts: InspectFacts,
    /// The whole document, to the byte.
    pub raw: Bytes,
}

/// The fields that the agent itself reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InspectFacts {
    /// Full id.
    pub id: ContainerId,
    /// Name with its leading slash.
    #[serde(default)]
    pub name: String,
    /// RFC 3339, in the engine's clock.
    #[serde(default)]
    pub created: String,
    /// State, process and times.
    pub state: InspectState,
    /// Image and labels.
    #[serde(default)]
    pub config: InspectConfig,
    /// Network mode.
    #[serde(default)]
    pub host_config: InspectHostConfig,
}

/// `State` of the document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InspectState {
    /// `created`, `running`, `paused`, `restarting`, `exited`, ... as the engine says it.
    #[serde(default)]
    pub status: String,
    /// Whether its process lives; true while paused, and while it waits for a restart.
    #[serde(default)]
    pub running: bool,
    /// Between two runs.
    #[serde(default)]
    pub restarting: bool,
    /// The first process, in the host's numbers. 0 if there is none, or not yet.
    #[serde(default)]
    pub pid: u32,
    /// RFC 3339, in the engine's clock.
    #[serde(default)]
    pub started_at: String,
}

/// `Config` of the document.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InspectConfig {
    /// Image as it was asked for.
    pub image: String,
    /// Labels.
    pub labels: Option<HashMap<String, String>>,
}

/// `HostConfig` of the document.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InspectHostConfig {
    /// `bridge`, `host`, `none`, `container:<id or name>`, or the name of a network.
    pub network_mode: String,
    /// Relative weight; 0 is the usual one.
    pub cpu_shares: i64,
    /// In us; 0 is none.
    pub cpu_quota: i64,
    /// In us; 0 is the usual one.
    pub cpu_period: i64,
    /// CPUs, in thousandths of millionths; 0 is all.
    pub nano_cpus: i64,
    /// Bytes; 0 is no limit.
    pub memory: i64,
    /// Bytes; 0 and -1 are no limit.
    pub memory_swap: i64,
    /// Bytes; 0 is none.
    pub memory_reservation: i64,
}

impl Engine {
    /// Describes one container. `Refused` with 404 if it is gone.
    pub async fn inspect(&self, id: ContainerId) -> Result<Inspection, DockerError> {
        let call = "inspect container";
        let raw = self.get_raw(call, &format!("/containers/{id}/json")).await?;
        let facts = serde_json::from_slice(&raw).map_err(|error| DockerError::Nonsense {
            call,
            reason: error.to_string(),
        })?;
        Ok(Inspection { facts, raw })
    }
}
