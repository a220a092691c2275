//! `GET /status`, and the node beside its containers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{Json, extract::State};
use serde::Serialize;

use super::{App, problem::Problem};
use crate::{
    containers::{ContainerTable, DockerState},
    node::{self, CpuName, NodeSample},
    snapshot::Snapshot,
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
    /// Memory that the past takes.
    history_bytes: usize,
}

/// `cpu2` before `cpu10`.
struct CpusInOrder(BTreeMap<CpuName, f64>);

impl Serialize for CpusInOrder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, percent)| (name.to_string(), percent)))
    }
}

impl Status {
    /// Of this snapshot; `None` before the first interval is over.
    fn of(app: &App, snapshot: &Snapshot, table: &ContainerTable) -> Option<Self> {
        let node = snapshot.node.as_ref()?;
        let network = node.network.as_ref().map(|interfaces| {
            let rates = interfaces.iter().map(|(name, rates)| {
                let network = Network {
                    rx: rates.rx_bytes_per_second,
                    tx: rates.tx_bytes_per_second,
                };
                (name.clone(), network)
            });
            rates.collect()
        });
        Some(Self {
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
                history_bytes: app.history.bytes(),
            },
            cpus: node.cpus.clone().map(CpusInOrder),
        })
    }
}

pub(super) async fn status(State(app): State<Arc<App>>) -> Result<Json<Status>, Problem> {
    let snapshot = app.snapshots.load();
    let status = Status::of(&app, &snapshot, &app.containers.table());
    status.map(Json).ok_or(Problem::NodeNotReady)
}

/// The node beside its containers: what [`Status`] tells, and what its rates were made of.
#[derive(Serialize)]
pub(super) struct InDetail {
    name: String,
    docker: &'static str,
    /// Interfaces that lead out of the node.
    uplinks: BTreeSet<String>,
    #[serde(flatten)]
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<Counters>,
}

/// Cumulative, since the machine or the interface was there.
#[derive(Serialize)]
struct Counters {
    #[serde(skip_serializing_if = "Option::is_none")]
    cpus: Option<BTreeMap<CpuName, CpuTime>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<BTreeMap<String, NetworkBytes>>,
}

#[derive(Serialize)]
struct CpuTime {
    busy_ns: u64,
    idle_ns: u64,
}

#[derive(Serialize)]
struct NetworkBytes {
    rx_bytes: u64,
    tx_bytes: u64,
}

impl InDetail {
    /// Of this snapshot; `None` before the first interval is over.
    pub(super) fn of(app: &App, snapshot: &Snapshot) -> Option<Self> {
        let status = Status::of(app, snapshot, &snapshot.table)?;
        Some(Self {
            name: node::name(),
            docker: match snapshot.table.docker {
                DockerState::NeverReached => "never_reached",
                DockerState::Connected => "connected",
                DockerState::Away => "away",
            },
            uplinks: snapshot.node.as_ref()?.uplinks.clone(),
            status,
            counters: snapshot.node_counters.as_ref().map(Counters::from),
        })
    }
}

impl From<&NodeSample> for Counters {
    fn from(sample: &NodeSample) -> Self {
        let tick_ns = node::tick_ns();
        let cpus = sample.cpus.as_ref().map(|cpus| {
            let times = cpus.iter().map(|(name, ticks)| {
                let time = CpuTime {
                    busy_ns: ticks.busy.saturating_mul(tick_ns),
                    idle_ns: ticks.idle.saturating_mul(tick_ns),
                };
                (*name, time)
            });
            times.collect()
        });
        let network = sample.interfaces.as_ref().map(|interfaces| {
            let bytes = interfaces.iter().map(|(name, bytes)| {
                let moved = NetworkBytes {
                    rx_bytes: bytes.rx,
                    tx_bytes: bytes.tx,
                };
                (name.clone(), moved)
            });
            bytes.collect()
        });
        Self { cpus, network }
    }
}
