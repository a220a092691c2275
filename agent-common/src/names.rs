//! Names under which the loader finds what the object file holds. Each is the identifier of a static or of a
//! function in `agent-ebpf`; a test of the agent parses the object and finds every one.

/// Per-CPU hash: leaf cgroup id to [`crate::CgroupCounters`].
pub const COUNTERS: &str = "COUNTERS";
/// Hash: leaf cgroup id to its [`crate::Lineage`].
pub const LINEAGES: &str = "LINEAGES";
/// Per-CPU array of one `u64`: when this CPU's time was last charged, in ns of the monotonic clock.
pub const LAST_CHARGE: &str = "LAST_CHARGE";
/// Per-CPU array of `u64`, indexed by [`crate::LossKind`]: updates that could not be counted.
pub const LOSSES: &str = "LOSSES";
/// Ring buffer that aya-log makes.
pub const AYA_LOGS: &str = "AYA_LOGS";

/// `cgroup_skb` program for packets that arrive.
pub const COUNT_INGRESS: &str = "count_ingress";
/// `cgroup_skb` program for packets that leave.
pub const COUNT_EGRESS: &str = "count_egress";
/// Raw tracepoint program on `sched_switch`.
pub const CHARGE_CPU: &str = "charge_cpu";

/// Raw tracepoint program that does nothing.
pub const EMPTY_SWITCH: &str = "empty_switch";
/// `cgroup_skb` program that does nothing, for packets that arrive.
pub const EMPTY_INGRESS: &str = "empty_ingress";
/// `cgroup_skb` program that does nothing, for packets that leave.
pub const EMPTY_EGRESS: &str = "empty_egress";

/// Global `u8`: 1 if `bpf_get_current_ancestor_cgroup_id` may be called from a tracing program (5.14/5.15 on).
pub const HAS_CURRENT_ANCESTOR: &str = "HAS_CURRENT_ANCESTOR";

/// Every map that the agent opens by name.
pub const ALL_MAPS: [&str; 4] = [COUNTERS, LINEAGES, LAST_CHARGE, LOSSES];
/// Every program that is loaded by name; the empty ones by measurements only.
pub const ALL_PROGRAMS: [&str; 6] = [
    COUNT_INGRESS,
    COUNT_EGRESS,
    CHARGE_CPU,
    EMPTY_SWITCH,
    EMPTY_INGRESS,
    EMPTY_EGRESS,
];
