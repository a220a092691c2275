//! Names under which the loader finds what the object file holds. Each is the identifier of a static or of a
//! function in `agent-ebpf`; a test of the agent parses the object and finds every one.

/// Per-CPU hash: leaf cgroup id to [`crate::CgroupCounters`].
pub const COUNTERS: &str = "COUNTERS";
/// Array of one array of `u64`, which the agent writes: which cgroup has the slot at a place, 0 for none.
pub const SLOT_OWNERS: &str = "SLOT_OWNERS";
/// Per-CPU array of one array of [`crate::CgroupCounters`]: what the cgroups with a slot sent and received since they
/// have it. Their other counters stay 0.
pub const SLOT_COUNTERS: &str = "SLOT_COUNTERS";
/// Hash: leaf cgroup id to its [`crate::Lineage`].
pub const LINEAGES: &str = "LINEAGES";
/// Per-CPU array of one [`crate::ChargedUpTo`].
pub const CHARGED_UP_TO: &str = "CHARGED_UP_TO";
/// Per-CPU array of one array of [`crate::PendingCharge`].
pub const PENDING: &str = "PENDING";
/// Per-CPU array of one array of `u64`, indexed by [`crate::LossKind`]: updates that could not be counted.
pub const LOSSES: &str = "LOSSES";
/// Ring buffer that aya-log makes.
pub const AYA_LOGS: &str = "AYA_LOGS";

/// `cgroup_skb` program for packets that arrive.
pub const COUNT_INGRESS: &str = "count_ingress";
/// `cgroup_skb` program for packets that leave.
pub const COUNT_EGRESS: &str = "count_egress";
/// BTF tracepoint program on `sched_switch`: charges by the scheduler's account.
pub const CHARGE_TASK: &str = "charge_task";
/// Raw tracepoint program that goes with it: charges the task that is running. Attached to nothing.
pub const FLUSH_TASK: &str = "flush_task";
/// Raw tracepoint program on `sched_switch`: charges by the clock. It is its own flush.
pub const CHARGE_CPU: &str = "charge_cpu";

/// Raw tracepoint program that does nothing.
pub const EMPTY_SWITCH: &str = "empty_switch";
/// `cgroup_skb` program that does nothing, for packets that arrive.
pub const EMPTY_INGRESS: &str = "empty_ingress";
/// `cgroup_skb` program that does nothing, for packets that leave.
pub const EMPTY_EGRESS: &str = "empty_egress";
/// `cgroup_skb` program that does the least by which packets that arrive can be told to a cgroup.
pub const LEAST_INGRESS: &str = "least_ingress";
/// `cgroup_skb` program that does the least by which packets that leave can be told to a cgroup.
pub const LEAST_EGRESS: &str = "least_egress";

/// Global `u8`: 1 if `bpf_get_current_ancestor_cgroup_id` may be called from a tracing program (5.14/5.15 on).
pub const HAS_CURRENT_ANCESTOR: &str = "HAS_CURRENT_ANCESTOR";

/// Global [`crate::TaskLayout`].
pub const TASK_LAYOUT: &str = "TASK_LAYOUT";

/// Every map that the agent opens by name.
pub const ALL_MAPS: [&str; 7] = [
    COUNTERS,
    SLOT_OWNERS,
    SLOT_COUNTERS,
    LINEAGES,
    CHARGED_UP_TO,
    PENDING,
    LOSSES,
];
/// Every program that is loaded by name; the empty and the least ones by measurements only.
pub const ALL_PROGRAMS: [&str; 10] = [
    COUNT_INGRESS,
    COUNT_EGRESS,
    CHARGE_TASK,
    FLUSH_TASK,
    CHARGE_CPU,
    EMPTY_SWITCH,
    EMPTY_INGRESS,
    EMPTY_EGRESS,
    LEAST_INGRESS,
    LEAST_EGRESS,
];
