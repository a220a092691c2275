//! `GET /status`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use serde::Serialize;

use super::{App, problem::Problem};
use crate::{
    containers::DockerState,
    node::CpuName,
    usage::{CpuAccountName, Source},
};

#[derive(Serialize)]
pub(super) struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    cpus: Option<CpusInOrder>,
    /// KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u64>,
    /// KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_memory: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<BTreeMap<String, Network>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nb_containers: Option<usize>,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_reason: Option<String>,
    agent: AgentHealth,
}

/// Bytes a second.
#[derive(Serialize)]
struct Network {
    rx: f64,
    tx: f64,
}

#[derive(Serialize)]
struct AgentHealth {
    map_entries: usize,
    lost_updates: u64,
    missed_switches: u64,
    ticks_missed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_account: Option<CpuAccountName>,
}

/// `cpu2` before `cpu10`.
struct CpusInOrder(BTreeMap<CpuName, f64>);

impl Serialize for CpusInOrder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, percent)| (name.to_string(), percent)))
    }
}

pub(super) async fn status(State(app): State<Arc<App>>) -> Result<Json<Status>, Problem> {
    let snapshot = app.snapshots.load();
    let node = snapshot.node.clone().ok_or(Problem::NodeNotReady)?;
    let table = app.containers.table();
    let network = node.network.as_ref().map(|interfaces| {
        interfaces
            .iter()
            .map(|(name, rates)| {
                (
                    name.clone(),
                    Network {
                        rx: rates.rx_bytes_per_second,
                        tx: rates.tx_bytes_per_second,
                    },
                )
            })
            .collect()
    });
    Ok(Json(Status {
        memory: node.memory_kib,
        free_memory: node.free_memory_kib,
        network,
        nb_containers: (table.docker != DockerState::NeverReached).then(|| table.running().count()),
        source: app.decision.source,
        source_reason: app.decision.reason.clone(),
        agent: AgentHealth {
            map_entries: snapshot.health.map_entries,
            lost_updates: snapshot.health.lost_updates,
            missed_switches: snapshot.health.missed_switches,
            ticks_missed: snapshot.ticks_missed,
            cpu_account: snapshot.health.cpu_account,
        },
        cpus: node.cpus.map(CpusInOrder),
    }))
}
