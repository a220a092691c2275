//! What the node used between two samples. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Serialize;

use super::{
    cpu::{CpuName, CpuTicks},
    sample::{InterfaceBytes, NodeSample},
};

/// Rates of one interface, in bytes per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct InterfaceRates {
    /// Received.
    #[serde(rename = "rx")]
    pub rx_bytes_per_second: f64,
    /// Sent.
    #[serde(rename = "tx")]
    pub tx_bytes_per_second: f64,
}

/// What the node used in one interval. `None` is not known; no number here is negative or NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeUsage {
    /// Busy time of each CPU that is online, in percent of it (0 to 100, one decimal).
    pub cpus: Option<BTreeMap<CpuName, f64>>,
    /// Memory that the node has, in KiB.
    pub memory_kib: Option<u64>,
    /// Memory that new work could take, in KiB.
    pub free_memory_kib: Option<u64>,
    /// Rates of each interface of the host (one decimal).
    pub network: Option<BTreeMap<String, InterfaceRates>>,
    /// Those of them that lead out of the node; none where that is not known.
    pub uplinks: BTreeSet<String>,
}

impl NodeUsage {
    /// Percent of one CPU that all CPUs together were busy.
    pub fn cpu_percent(&self) -> Option<f64> {
        self.cpus.as_ref().map(|cpus| cpus.values().sum())
    }

    /// Bytes of memory in use: what new work could not take.
    pub fn used_memory_bytes(&self) -> Option<u64> {
        let used_kib = self.memory_kib?.checked_sub(self.free_memory_kib?)?;
        Some(used_kib * 1024)
    }

    /// What goes in and out of the node; `None` where it is not known by which interfaces.
    pub fn outside(&self) -> Option<InterfaceRates> {
        let rates = self.network.as_ref()?;
        let uplinks: Vec<_> = self.uplinks.iter().filter_map(|name| rates.get(name)).collect();
        (!uplinks.is_empty()).then(|| InterfaceRates {
            rx_bytes_per_second: uplinks.iter().map(|rates| rates.rx_bytes_per_second).sum(),
            tx_bytes_per_second: uplinks.iter().map(|rates| rates.tx_bytes_per_second).sum(),
        })
    }
}

/// Rates between two samples that lie `elapsed` apart; memory as of the later one.
///
/// A CPU or an interface that only one of them has, or whose counters went back, is left out: it comes again
/// with the next sample.
pub fn usage(earlier: &NodeSample, later: &NodeSample, elapsed: Duration) -> NodeUsage {
    NodeUsage {
        cpus: both(earlier.cpus.as_ref(), later.cpus.as_ref(), busy_percent),
        memory_kib: later.memory_kib.map(|memory| memory.total),
        free_memory_kib: later.memory_kib.and_then(|memory| memory.available),
        network: both(earlier.interfaces.as_ref(), later.interfaces.as_ref(), |from, to| {
            rates(from, to, elapsed)
        }),
        uplinks: later.uplinks.clone(),
    }
}

fn both<K: Ord + Clone, V: Copy, R>(
    earlier: Option<&BTreeMap<K, V>>,
    later: Option<&BTreeMap<K, V>>,
    compare: impl Fn(V, V) -> Option<R>,
) -> Option<BTreeMap<K, R>> {
    let earlier = earlier?;
    let known = later?
        .iter()
        .filter_map(|(key, to)| Some((key.clone(), compare(*earlier.get(key)?, *to)?)));
    Some(known.collect())
}

/// Ticks are the clock here: they say what share of the CPU's own time was busy, however late the sample is.
fn busy_percent(from: CpuTicks, to: CpuTicks) -> Option<f64> {
    if to.busy < from.busy && to.idle < from.idle {
        return None;
    }
    // One of the two goes back by a tick or so now and then: iowait does, by proc(5), and steal.
    let busy = to.busy.saturating_sub(from.busy);
    let total = busy.saturating_add(to.idle.saturating_sub(from.idle));
    if total == 0 {
        // The samples are closer than a tick of this CPU: none of it was busy.
        return Some(0.0);
    }
    Some(one_decimal(as_f64(busy) / as_f64(total) * 100.0))
}

fn rates(from: InterfaceBytes, to: InterfaceBytes, elapsed: Duration) -> Option<InterfaceRates> {
    if elapsed.is_zero() {
        return None;
    }
    let rate = |from: u64, to: u64| {
        let bytes = to.checked_sub(from)?;
        Some(one_decimal(as_f64(bytes) / elapsed.as_secs_f64()))
    };
    Some(InterfaceRates {
        rx_bytes_per_second: rate(from.rx, to.rx)?,
        tx_bytes_per_second: rate(from.tx, to.tx)?,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a difference of counters, for a figure with one decimal"
)]
fn as_f64(number: u64) -> f64 {
    number as f64
}

fn one_decimal(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests;
