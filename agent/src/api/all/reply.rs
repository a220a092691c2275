//! The reply of `GET /containers/status`.

use serde::Serialize;

use super::{
    super::{App, container::ContainerStatus, node},
    Summaries, Window,
};
use crate::{
    containers::{Container, NetworkMode},
    history::{Metric, Spread, Summary},
    snapshot::{Published, Snapshot},
};

#[derive(Serialize)]
pub(super) struct All<'a> {
    seq: u64,
    run: String,
    sampled_at_ms: u64,
    /// Nominal; what really passed stands beside each container's rates.
    interval_ms: u64,
    node: Option<node::InDetail>,
    containers: Vec<Entry<'a>>,
}

/// One container that runs.
#[derive(Serialize)]
struct Entry<'a> {
    id: String,
    name: &'a str,
    service: &'a str,
    image: &'a str,
    managed: bool,
    network_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at_ms: Option<u64>,
    #[serde(flatten)]
    figures: Option<ContainerStatus>,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<WindowReply>,
}

#[derive(Serialize)]
struct WindowReply {
    seconds: u64,
    points: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<SpreadReply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<SpreadReply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rx: Option<SpreadReply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tx: Option<SpreadReply>,
}

#[derive(Serialize)]
struct SpreadReply {
    mean: f64,
    p50: f64,
    p95: f64,
    max: f64,
}

impl<'a> All<'a> {
    /// Of all containers, or those of one service.
    pub(super) fn new(
        app: &App,
        snapshot: &'a Snapshot,
        service: Option<&str>,
        summaries: Option<&(Window, Summaries)>,
    ) -> Self {
        let running = snapshot.table.running();
        let of_service = running.filter(|container| service.is_none_or(|service| *container.service == *service));
        let mut containers: Vec<Entry<'a>> = of_service
            .map(|container| {
                let summary = summaries.and_then(|(window, all)| Some((*window, all.get(&container.id)?)));
                Entry::new(container, snapshot, app.interval_ns, summary)
            })
            .collect();
        containers.sort_unstable_by(|one, other| (one.name, &one.id).cmp(&(other.name, &other.id)));
        Self {
            seq: snapshot.seq,
            run: app.events.run().to_string(),
            sampled_at_ms: snapshot.at.wall_ns / 1_000_000,
            interval_ms: app.interval_ns / 1_000_000,
            node: node::InDetail::of(app, snapshot),
            containers,
        }
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
                NetworkMode::Own => "own",
                NetworkMode::Host => "host",
                NetworkMode::Shared(_) => "shared",
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
