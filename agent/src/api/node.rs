//! `GET /status`, and the node beside its containers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, problem::Problem};
use crate::{
    containers::{ContainerTable, DockerState},
    node::{self, CpuName, NodeSample},
    snapshot::Snapshot,
    usage::{CpuAccountName, Source},
};

/// The node.
#[derive(Serialize, ToSchema)]
#[schema(as = NodeStatus)]
pub(super) struct Status {
    /// The node's host name.
    name: String,
    /// Percent of each online CPU that was busy over the last interval, by its name in `/proc/stat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, f64>>)]
    cpus: Option<CpusInOrder>,
    /// All memory, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u64>,
    /// Memory that new work could take without swapping, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_memory: Option<u64>,
    /// Rates of the host's interfaces by name, veth ends left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<BTreeMap<String, Network>>,
    /// Running containers; absent while Docker has never been reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    nb_containers: Option<usize>,
    /// How the agent stands with Docker: while it is away, containers are those that were known.
    docker: Link,
    source: Source,
    /// Why figures do not come from the kernel; with source `docker` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_reason: Option<String>,
    agent: AgentHealth,
}

/// Rates of one interface over the last interval, in bytes a second.
#[derive(Serialize, ToSchema)]
#[schema(as = InterfaceRates)]
struct Network {
    /// Received, in bytes a second.
    #[schema(minimum = 0)]
    rx: f64,
    /// Sent, in bytes a second.
    #[schema(minimum = 0)]
    tx: f64,
}

/// How well the agent itself does.
#[derive(Serialize, ToSchema)]
struct AgentHealth {
    /// Cgroups in the kernel map. Absent with source `docker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    map_entries: Option<usize>,
    /// Updates that the kernel programs could not count. Absent with source `docker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_updates: Option<u64>,
    /// Task switches that the kernel did not show, up to a slice of CPU time each. Absent with source `docker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    missed_switches: Option<u64>,
    /// Samples that were left out.
    ticks_missed: u64,
    /// Absent with source `docker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_account: Option<CpuAccountName>,
    /// Memory that the past takes, in bytes.
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
        let counts = app.decision.source == Source::Ebpf;
        Some(Self {
            name: node::name(),
            docker: table.docker.into(),
            memory: node.memory_kib,
            free_memory: node.free_memory_kib,
            network,
            nb_containers: (table.docker != DockerState::NeverReached).then(|| table.running().count()),
            source: app.decision.source,
            source_reason: app.decision.reason.clone(),
            agent: AgentHealth {
                map_entries: counts.then_some(snapshot.health.map_entries),
                lost_updates: counts.then_some(snapshot.health.lost_updates),
                missed_switches: counts.then_some(snapshot.health.missed_switches),
                ticks_missed: snapshot.ticks_missed,
                cpu_account: snapshot.health.cpu_account,
                history_bytes: snapshot.history_bytes,
            },
            cpus: node.cpus.clone().map(CpusInOrder),
        })
    }
}

/// The node
///
/// Its CPUs, memory and interfaces over the last interval. Needs neither Docker nor eBPF.
#[utoipa::path(
    get, path = "/status", operation_id = "nodeStatus", tag = "node",
    responses((status = 200, description = "The node's figures of the last interval", body = Status)),
)]
pub(super) async fn status(State(app): State<Arc<App>>) -> Result<Json<Status>, Problem> {
    let snapshot = app.snapshots.load();
    let status = Status::of(&app, &snapshot, &app.containers.table());
    status.map(Json).ok_or(Problem::NodeNotReady)
}

/// The node beside its containers: what [`Status`] tells, and what its rates were made of.
#[derive(Serialize, ToSchema)]
#[schema(as = NodeInDetail)]
pub(super) struct InDetail {
    /// Interfaces that lead out of the node.
    uplinks: BTreeSet<String>,
    #[serde(flatten)]
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<Counters>,
}

/// How the agent stands with Docker.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DockerLink)]
enum Link {
    NeverReached,
    Connected,
    Away,
}

impl From<DockerState> for Link {
    fn from(state: DockerState) -> Self {
        match state {
            DockerState::NeverReached => Self::NeverReached,
            DockerState::Connected => Self::Connected,
            DockerState::Away => Self::Away,
        }
    }
}

/// Cumulative, since the machine or the interface was there.
#[derive(Serialize, ToSchema)]
#[schema(as = NodeCounters)]
struct Counters {
    /// By the name of the CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, CpuTime>>)]
    cpus: Option<BTreeMap<CpuName, CpuTime>>,
    /// By the name of the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<BTreeMap<String, NetworkBytes>>,
}

/// Time of one CPU, in ns.
#[derive(Serialize, ToSchema)]
struct CpuTime {
    /// All but idle and waiting for a disk, in ns.
    busy_ns: u64,
    /// Idle and waiting for a disk, in ns.
    idle_ns: u64,
}

/// Bytes of one interface.
#[derive(Serialize, ToSchema)]
#[schema(as = InterfaceBytes)]
struct NetworkBytes {
    rx_bytes: u64,
    tx_bytes: u64,
}

impl InDetail {
    /// Of this snapshot; `None` before the first interval is over.
    pub(super) fn of(app: &App, snapshot: &Snapshot) -> Option<Self> {
        let status = Status::of(app, snapshot, &snapshot.table)?;
        Some(Self {
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
