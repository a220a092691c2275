//! What the history keeps of a tick.

use crate::{history::Point, node::NodeUsage, snapshot::ContainerUsage};

#[expect(clippy::cast_possible_truncation, reason = "a figure of a plot needs no more")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_precision_loss, reason = "a figure of a plot needs no more")]
fn bytes(value: u64) -> f32 {
    value as f32
}

/// A container's point. What was not measured is no part of it.
pub(super) fn of_container(usage: &ContainerUsage) -> Point {
    let net = usage.rates.net;
    Point([
        Some(narrow(usage.rates.cpu_percent)),
        usage.memory.map(|memory| bytes(memory.used_bytes)),
        net.map(|net| narrow(net.rx_bytes_per_s)),
        net.map(|net| narrow(net.tx_bytes_per_s)),
    ])
}

/// The node's point: all CPUs together, memory in use, and what goes through its uplinks.
pub(super) fn of_node(usage: &NodeUsage) -> Point {
    let outside = usage.outside();
    Point([
        usage.cpu_percent().map(narrow),
        usage.used_memory_bytes().map(bytes),
        outside.map(|rates| narrow(rates.rx_bytes_per_second)),
        outside.map(|rates| narrow(rates.tx_bytes_per_second)),
    ])
}
