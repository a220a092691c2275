//! Which figures of a container are told, and under which names.

use super::{
    super::{Kind, number, seconds},
    Told,
};
use crate::rates::NetCounters;

/// A family of containers: name, kind, help, and the figure of one container.
pub(super) type Figure = (&'static str, Kind, &'static str, fn(&Told<'_>) -> Option<f64>);

pub(super) const FIGURES: &[Figure] = &[
    (
        "container_last_seen",
        Kind::Gauge,
        "When the container was last sampled, in seconds since 1970.",
        |told| Some(seconds(told.usage.sampled_ns)),
    ),
    (
        "container_start_time_seconds",
        Kind::Gauge,
        "When the container started, in seconds since 1970.",
        |told| told.container.started_ns.map(seconds),
    ),
    (
        "container_creation_time_seconds",
        Kind::Gauge,
        "When the container was created, in seconds since 1970.",
        |told| told.container.created_ns.map(seconds),
    ),
    (
        "container_cpu_user_seconds",
        Kind::Counter,
        "CPU time in programs, since the container started.",
        |told| told.accounts.cpu_user_ns.map(seconds),
    ),
    (
        "container_cpu_system_seconds",
        Kind::Counter,
        "CPU time in the kernel, since the container started.",
        |told| told.accounts.cpu_system_ns.map(seconds),
    ),
    (
        "container_cpu_cfs_periods",
        Kind::Counter,
        "Periods in which the quota was in force.",
        |told| with_quota(told, told.accounts.periods).map(number),
    ),
    (
        "container_cpu_cfs_throttled_periods",
        Kind::Counter,
        "Periods in which the quota was used up.",
        |told| with_quota(told, told.accounts.throttled_periods).map(number),
    ),
    (
        "container_cpu_cfs_throttled_seconds",
        Kind::Counter,
        "Time that the container waited for the next period.",
        |told| with_quota(told, told.accounts.throttled_ns).map(seconds),
    ),
    (
        "container_memory_usage_bytes",
        Kind::Gauge,
        "Memory that is charged to the container, file cache and all.",
        |told| told.accounts.usage_bytes.map(number),
    ),
    (
        "container_memory_working_set_bytes",
        Kind::Gauge,
        "Memory in use less file cache not used of late, as docker stats shows it.",
        |told| told.usage.memory.map(|memory| number(memory.used_bytes)),
    ),
    (
        "container_memory_rss",
        Kind::Gauge,
        "Memory of programs that is in no file.",
        |told| told.accounts.anon_bytes.map(number),
    ),
    (
        "container_memory_cache",
        Kind::Gauge,
        "File cache of the container.",
        |told| told.accounts.file_bytes.map(number),
    ),
    (
        "container_memory_mapped_file",
        Kind::Gauge,
        "File cache that programs have mapped.",
        |told| told.accounts.mapped_bytes.map(number),
    ),
    (
        "container_memory_total_active_file_bytes",
        Kind::Gauge,
        "File cache used of late.",
        |told| told.accounts.active_file_bytes.map(number),
    ),
    (
        "container_memory_total_inactive_file_bytes",
        Kind::Gauge,
        "File cache not used of late.",
        |told| told.accounts.inactive_file_bytes.map(number),
    ),
    (
        "container_memory_swap",
        Kind::Gauge,
        "Memory that is swapped out.",
        |told| told.accounts.swap_bytes.map(number),
    ),
    (
        "container_oom_events",
        Kind::Counter,
        "Processes that the kernel killed for want of memory: what its cgroup counts, or Docker told since the agent started.",
        |told| {
            told.accounts
                .oom_kills
                .max((told.oom_kills > 0).then_some(told.oom_kills))
                .map(number)
        },
    ),
    (
        "container_spec_cpu_period",
        Kind::Gauge,
        "Period of the quota, in microseconds.",
        |told| told.container.limits.map(|limits| number(limits.cpu_period_us)),
    ),
    (
        "container_spec_cpu_quota",
        Kind::Gauge,
        "CPU time that the container may take in a period, in microseconds; absent without a quota.",
        |told| told.container.limits?.cpu_quota_us.map(number),
    ),
    (
        "container_spec_cpu_shares",
        Kind::Gauge,
        "Weight of the container among the others.",
        |told| {
            const USUAL: u64 = 1024;
            told.container
                .limits
                .map(|limits| number(limits.cpu_shares.unwrap_or(USUAL)))
        },
    ),
    (
        "container_spec_memory_limit_bytes",
        Kind::Gauge,
        "Limit of memory; 0 is none.",
        |told| {
            told.container
                .limits
                .map(|limits| number(limits.memory_bytes.unwrap_or(0)))
        },
    ),
    (
        "container_spec_memory_swap_limit_bytes",
        Kind::Gauge,
        "Limit of memory and swap together; 0 is none.",
        |told| {
            let limits = told.container.limits?;
            Some(number(limits.memory_swap_bytes.unwrap_or(0)))
        },
    ),
    (
        "container_spec_memory_reservation_limit_bytes",
        Kind::Gauge,
        "Memory that is not taken from the container; 0 is none.",
        |told| {
            let limits = told.container.limits?;
            Some(number(limits.memory_reservation_bytes.unwrap_or(0)))
        },
    ),
];

/// A counter of the network.
pub(super) type NetFigure = (&'static str, &'static str, fn(&NetCounters) -> u64);

pub(super) const NET_FIGURES: [NetFigure; 4] = [
    (
        "container_network_receive_bytes",
        "Bytes that the container's processes received over any interface but loopback.",
        |net| net.rx_bytes,
    ),
    (
        "container_network_receive_packets",
        "Packets that the container's processes received over any interface but loopback.",
        |net| net.rx_packets,
    ),
    (
        "container_network_transmit_bytes",
        "Bytes that the container's processes sent over any interface but loopback.",
        |net| net.tx_bytes,
    ),
    (
        "container_network_transmit_packets",
        "Packets that the container's processes sent over any interface but loopback.",
        |net| net.tx_packets,
    ),
];

/// As cAdvisor does: without a quota there are no periods to tell of.
fn with_quota(told: &Told<'_>, value: Option<u64>) -> Option<u64> {
    told.container.limits?.cpu_quota_us.and(value)
}
