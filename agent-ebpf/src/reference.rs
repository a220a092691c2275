//! Programs that do nothing, one of each type, and those that do the least by which a packet can be told to a cgroup: what
//! ours cost is told beside them. The agent never loads them.

use agent_common::{CgroupCounters, SLOTS, place_of};
use aya_ebpf::{
    helpers::bpf_skb_cgroup_id,
    macros::{cgroup_skb, raw_tracepoint},
    programs::{RawTracePointContext, SkBuffContext},
};

use crate::{add::add_relaxed, maps::SLOT_COUNTERS};

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

/// Beside `count_ingress`.
#[cgroup_skb]
pub(crate) fn least_ingress(ctx: SkBuffContext) -> i32 {
    add_at_its_place(&ctx);
    1
}

/// Beside `count_egress`.
#[cgroup_skb]
pub(crate) fn least_egress(ctx: SkBuffContext) -> i32 {
    add_at_its_place(&ctx);
    1
}

/// Asks whose the packet is and adds its length and 1: no look at who has the place, at the interface or at segments.
#[inline(always)]
fn add_at_its_place(ctx: &SkBuffContext) {
    let skb = ctx.skb.skb;
    // SAFETY: the kernel passes a valid context; the verifier turns the access into a checked load.
    let (len, cgroup_id) = unsafe { (u64::from((*skb).len), bpf_skb_cgroup_id(skb)) };
    let Some(counters) = SLOT_COUNTERS.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: the place is one of this CPU's value, which outlives the program; its fields are aligned.
    unsafe {
        let counters = counters.cast::<CgroupCounters>().add(place_of(cgroup_id, SLOTS));
        add_relaxed(&raw mut (*counters).tx_bytes, len);
        add_relaxed(&raw mut (*counters).tx_packets, 1);
    }
}
