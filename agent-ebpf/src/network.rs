//! `cgroup_skb` programs at the root of the v2 tree: bytes and packets by the cgroup that owns the socket.
//!
//! Both hooks see the packet from its IP header on: egress behind netfilter and before segmentation, ingress
//! behind reassembly and GRO. `__cgroup_bpf_run_filter_skb(sk, skb, type)` runs them.

use agent_common::{CgroupCounters, SLOTS, place_of};
use aya_ebpf::{
    bindings::__sk_buff,
    helpers::{bpf_skb_ancestor_cgroup_id, bpf_skb_cgroup_id},
    macros::cgroup_skb,
    programs::SkBuffContext,
};
use aya_log_ebpf::warn;

use crate::{
    add::add_relaxed,
    entry::find_or_make,
    maps::{SLOT_COUNTERS, SLOT_OWNERS},
};

/// Let the packet pass. There is no other answer.
const PASS: i32 = 1;
/// Index of the loopback interface in every network namespace; the kernel asserts it.
const LOOPBACK_IFINDEX: u32 = 1;
/// Ids up to this one are no cgroup (0) and the root (1).
const ROOT_CGROUP_ID: u64 = 1;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Received,
    Sent,
}

/// Packets that arrive at a socket of any cgroup.
#[cgroup_skb]
pub(crate) fn count_ingress(ctx: SkBuffContext) -> i32 {
    count(&ctx, Direction::Received);
    PASS
}

/// Packets that leave a socket of any cgroup.
#[cgroup_skb]
pub(crate) fn count_egress(ctx: SkBuffContext) -> i32 {
    count(&ctx, Direction::Sent);
    PASS
}

#[inline(always)]
fn count(ctx: &SkBuffContext, direction: Direction) {
    let skb: *mut __sk_buff = ctx.skb.skb;
    // SAFETY: the kernel passes a valid context; the verifier turns each access into a checked load.
    let (len, ifindex, gso_segs, cgroup_id) = unsafe {
        (
            u64::from((*skb).len),
            (*skb).ifindex,
            (*skb).gso_segs,
            bpf_skb_cgroup_id(skb),
        )
    };
    if cgroup_id <= ROOT_CGROUP_ID {
        return;
    }
    let counters = slot(cgroup_id).or_else(|| {
        find_or_make(
            cgroup_id,
            // SAFETY: the helper takes the context and any level; it answers 0 where there is none.
            |level| unsafe { bpf_skb_ancestor_cgroup_id(skb, level) },
            || {
                warn!(
                    ctx,
                    "no room in the map of counters: cgroup {} is not counted", cgroup_id
                );
            },
        )
    });
    let Some(counters) = counters else { return };
    let more_segments = u64::from(gso_segs.saturating_sub(1));
    // SAFETY: `counters` is this CPU's value of the map, which outlives the program; its fields are aligned.
    unsafe {
        match (direction, ifindex == LOOPBACK_IFINDEX) {
            (Direction::Received, true) => add_relaxed(&raw mut (*counters).loopback_rx_bytes, len),
            (Direction::Sent, true) => add_relaxed(&raw mut (*counters).loopback_tx_bytes, len),
            (Direction::Received, false) => {
                add_relaxed(&raw mut (*counters).rx_bytes, len);
                add_relaxed(&raw mut (*counters).rx_packets, 1);
                if more_segments > 0 {
                    add_relaxed(&raw mut (*counters).rx_more_segments, more_segments);
                }
            }
            (Direction::Sent, false) => {
                add_relaxed(&raw mut (*counters).tx_bytes, len);
                add_relaxed(&raw mut (*counters).tx_packets, 1);
                if more_segments > 0 {
                    add_relaxed(&raw mut (*counters).tx_more_segments, more_segments);
                }
            }
        }
    }
}

/// The counters of a cgroup that has a slot.
#[inline(always)]
fn slot(cgroup_id: u64) -> Option<*mut CgroupCounters> {
    let place = place_of(cgroup_id, SLOTS);
    let owners = SLOT_OWNERS.get_ptr(0)?;
    // SAFETY: the place is one of the map's value, which outlives the program. The agent writes whole numbers only.
    if unsafe { owners.cast::<u64>().add(place).read_volatile() } != cgroup_id {
        return None;
    }
    let counters = SLOT_COUNTERS.get_ptr_mut(0)?;
    // SAFETY: as above.
    Some(unsafe { counters.cast::<CgroupCounters>().add(place) })
}
