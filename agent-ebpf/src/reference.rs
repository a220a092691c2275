//! Programs that do nothing, one of each type: what ours cost is told beside them. The agent never loads them.

use aya_ebpf::{
    macros::{cgroup_skb, raw_tracepoint},
    programs::{RawTracePointContext, SkBuffContext},
};

/// Beside `charge_cpu`.
#[raw_tracepoint(tracepoint = "sched_switch")]
pub(crate) fn empty_switch(_ctx: RawTracePointContext) -> i32 {
    0
}

/// Beside `count_ingress`.
#[cgroup_skb]
pub(crate) fn empty_ingress(_ctx: SkBuffContext) -> i32 {
    1
}

/// Beside `count_egress`.
#[cgroup_skb]
pub(crate) fn empty_egress(_ctx: SkBuffContext) -> i32 {
    1
}
