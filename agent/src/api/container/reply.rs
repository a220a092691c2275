//! The reply of `GET /container/{id}/status`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{rates::NetCounters, snapshot::ContainerUsage, usage::Source};

/// What a container uses.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct ContainerStatus {
    /// Percent of one CPU over the last interval: two busy CPUs are 200.
    #[schema(minimum = 0)]
    cpu: f64,
    /// In use, less inactive file cache, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u64>,
    /// What is left before its limit, or what the node has, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_memory: Option<u64>,
    /// Absent where Docker is the source and does not measure it for one container.
    #[serde(skip_serializing_if = "Option::is_none")]
    net: Option<Net>,
    source: Source,
    counters: CountersReply,
    /// When the counters were read, in ms since 1970.
    sampled_at_ms: u64,
    /// The time that the rates are of, in ms.
    interval_ms: u64,
}

/// Over any interface but loopback, IP headers included.
#[derive(Serialize, ToSchema)]
#[schema(as = ContainerRates)]
struct Net {
    /// Received, in bytes a second.
    rx: u64,
    /// Sent, in bytes a second.
    tx: u64,
}

/// Cumulative, from a moment that the source chose: only differences mean something.
#[derive(Serialize, ToSchema)]
#[schema(as = ContainerCounters)]
struct CountersReply {
    /// CPU time, in ns.
    cpu_ns: u64,
    #[serde(flatten)]
    net: Option<NetReply>,
}

/// Over any interface but loopback.
#[derive(Serialize, ToSchema)]
#[schema(as = NetworkCounters)]
struct NetReply {
    rx_bytes: u64,
    tx_bytes: u64,
    rx_packets: u64,
    tx_packets: u64,
    #[serde(flatten)]
    detail: Option<DetailReply>,
}

/// What the kernel programs alone tell.
#[derive(Serialize, ToSchema)]
#[schema(as = NetworkDetail)]
struct DetailReply {
    /// Packets, large ones counted as often as the wire carries them.
    rx_segments: u64,
    /// Packets, large ones counted as often as the wire carries them.
    tx_segments: u64,
    loopback_rx_bytes: u64,
    loopback_tx_bytes: u64,
}

impl From<&ContainerUsage> for ContainerStatus {
    fn from(usage: &ContainerUsage) -> Self {
        Self {
            cpu: (usage.rates.cpu_percent * 10.0).round() / 10.0,
            memory: usage.memory.map(|memory| memory.used_bytes),
            free_memory: usage.memory.and_then(|memory| memory.free_bytes),
            net: usage.rates.net.map(|net| Net {
                rx: whole(net.rx_bytes_per_s),
                tx: whole(net.tx_bytes_per_s),
            }),
            source: usage.source,
            counters: CountersReply {
                cpu_ns: usage.counters.cpu_ns,
                net: usage.counters.net.as_ref().map(NetReply::from),
            },
            sampled_at_ms: usage.sampled_ns / 1_000_000,
            interval_ms: usage.rates.elapsed_ns / 1_000_000,
        }
    }
}

/// Rates are neither negative nor beyond what 64 bits hold.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates"
)]
fn whole(rate: f64) -> u64 {
    rate.round() as u64
}

impl From<&NetCounters> for NetReply {
    fn from(net: &NetCounters) -> Self {
        Self {
            rx_bytes: net.rx_bytes,
            tx_bytes: net.tx_bytes,
            rx_packets: net.rx_packets,
            tx_packets: net.tx_packets,
            detail: net.detail.map(|detail| DetailReply {
                rx_segments: detail.rx_segments,
                tx_segments: detail.tx_segments,
                loopback_rx_bytes: detail.loopback_rx_bytes,
                loopback_tx_bytes: detail.loopback_tx_bytes,
            }),
        }
    }
}
