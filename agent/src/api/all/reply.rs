//! The reply of `GET /containers/status`.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{App, container::ContainerStatus, node},
    Summaries, Window,
};
use crate::{
    containers::{Container, NetworkMode},
    history::{Metric, Spread, Summary},
    snapshot::{Published, Snapshot},
};

/// The node and all containers that run, of one snapshot.
#[derive(Serialize, ToSchema)]
#[schema(as = AllContainers)]
pub(in super::super) struct All<'a> {
    /// Number of the snapshot, from 1 at each start of the agent.
    seq: u64,
    /// Which start of the agent `seq` is of.
    run: String,
    /// When the snapshot was made, in ms since 1970.
    sampled_at_ms: u64,
    /// Nominal, in ms; what really passed stands beside each container's rates.
    interval_ms: u64,
    node: node::InDetail,
    containers: Vec<Entry<'a>>,
}

/// One container that runs.
#[derive(Serialize, ToSchema)]
#[schema(as = ContainerEntry)]
struct Entry<'a> {
    /// 64 hex digits.
    id: String,
    name: &'a str,
    service: &'a str,
    image: &'a str,
    /// Whether the agent created it.
    managed: bool,
    network_mode: Network,
    /// In ms since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at_ms: Option<u64>,
    #[serde(flatten)]
    figures: Option<ContainerStatus>,
    /// Why there are no figures; absent where there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<WindowReply>,
}

/// Whose network a container uses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ContainerNetwork)]
enum Network {
    /// Its own.
    Own,
    /// The host's.
    Host,
    /// Another container's.
    Shared,
}

/// What a container used over a window.
#[derive(Serialize, ToSchema)]
#[schema(as = WindowSummary)]
struct WindowReply {
    /// The length of the window, in seconds.
    seconds: u64,
    /// Samples in it.
    points: usize,
    /// Percent of one CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<SpreadReply>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<SpreadReply>,
    /// Received, in bytes a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    rx: Option<SpreadReply>,
    /// Sent, in bytes a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    tx: Option<SpreadReply>,
}

/// How the samples of a window are spread.
#[derive(Serialize, ToSchema)]
#[schema(as = Spread)]
struct SpreadReply {
    #[schema(minimum = 0)]
    mean: f64,
    /// The median.
    #[schema(minimum = 0)]
    p50: f64,
    /// The 95th percentile.
    #[schema(minimum = 0)]
    p95: f64,
    #[schema(minimum = 0)]
    max: f64,
}

impl<'a> All<'a> {
    /// Of all containers, or those of one service; `None` before the first interval is over.
    pub(super) fn new(
        app: &App,
        snapshot: &'a Snapshot,
        service: Option<&str>,
        summaries: Option<&(Window, Summaries)>,
    ) -> Option<Self> {
        let node = node::InDetail::of(app, snapshot)?;
        let running = snapshot.table.running();
        let of_service = running.filter(|container| service.is_none_or(|service| *container.service == *service));
        let mut containers: Vec<Entry<'a>> = of_service
            .map(|container| {
                let summary = summaries.and_then(|(window, all)| Some((*window, all.get(&container.id)?)));
                Entry::new(container, snapshot, app.interval_ns, summary)
            })
            .collect();
        containers.sort_unstable_by(|one, other| (one.name, &one.id).cmp(&(other.name, &other.id)));
        Some(Self {
            seq: snapshot.seq,
            run: app.events.run().to_string(),
            sampled_at_ms: snapshot.at.wall_ns / 1_000_000,
            interval_ms: app.interval_ns / 1_000_000,
            node,
            containers,
        })
    }
}

impl<'a> Entry<'a> {
    fn new(
        container: &'a Container,
        snapshot: &Snapshot,
        interval_ns: u64,
        summary: Option<(Window, &Summary)>,
    ) -> Self {
        let usage = snapshot.containers.get(&container.id).map(Published::asked);
        let figures = usage
            .filter(|usage| usage.is_ready(container.started_ns, interval_ns, snapshot.at.wall_ns))
            .map(ContainerStatus::from);
        Self {
            id: container.id.to_string(),
            name: &container.name,
            service: &container.service,
            image: &container.image,
            managed: container.is_managed,
            network_mode: match container.network {
                NetworkMode::Own => Network::Own,
                NetworkMode::Host => Network::Host,
                NetworkMode::Shared(_) => Network::Shared,
            },
            started_at_ms: container.started_ns.map(|started_ns| started_ns / 1_000_000),
            error: figures.is_none().then_some("data not ready"),
            figures,
            window: summary.map(|(window, summary)| WindowReply::new(window, summary)),
        }
    }
}

impl WindowReply {
    fn new(window: Window, summary: &Summary) -> Self {
        let of = |metric| summary.get(metric).map(SpreadReply::from);
        Self {
            seconds: window.duration().as_secs(),
            points: summary.points,
            cpu: of(Metric::Cpu),
            memory: of(Metric::Memory),
            rx: of(Metric::Received),
            tx: of(Metric::Sent),
        }
    }
}

impl From<Spread> for SpreadReply {
    fn from(spread: Spread) -> Self {
        let short = |value: f64| (value * 100.0).round() / 100.0;
        Self {
            mean: short(spread.mean),
            p50: short(spread.p50),
            p95: short(spread.p95),
            max: short(spread.max),
        }
    }
}
