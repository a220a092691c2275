//! Finding or making the entry of a cgroup.

#![expect(
    clippy::needless_borrows_for_generic_args,
    reason = "passed by value, keys and values are copied to a stack of 512 bytes"
)]

use agent_common::{CgroupCounters, LINEAGE_LEVELS, Lineage, LossKind};
use aya_ebpf::bindings::BPF_NOEXIST;

use crate::{
    add::add_relaxed,
    maps::{COUNTERS, LINEAGES, LOSSES},
};

/// A template outside the stack: a zeroed local becomes a call to `memset`, which BPF has not.
static ZERO: CgroupCounters = CgroupCounters::ZERO;

const E2BIG: i32 = -7;
const EEXIST: i32 = -17;

/// The entry of `cgroup_id`, made at first sight.
///
/// `ancestor` tells the id of the ancestor at a level and is asked only when the entry is new. `lost` is called
/// once on each CPU, when the map is found full for the first time.
#[inline(always)]
pub(crate) fn find_or_make(
    cgroup_id: u64,
    ancestor: impl Fn(i32) -> u64,
    lost: impl Fn(),
) -> Option<*mut CgroupCounters> {
    if let Some(entry) = COUNTERS.get_ptr_mut(&cgroup_id) {
        return Some(entry);
    }
    // A plain number from here on: matching on the result makes the compiler mix it with the context pointer in one
    // register, which the verifier refuses.
    let error = match COUNTERS.insert(&cgroup_id, &ZERO, u64::from(BPF_NOEXIST)) {
        Ok(()) => 0,
        Err(error) => error,
    };
    if error == 0 {
        remember_lineage(cgroup_id, ancestor);
    }
    // Another CPU may have made it between the two: then ours fails and the entry is there all the same.
    if let Some(entry) = COUNTERS.get_ptr_mut(&cgroup_id) {
        return Some(entry);
    }
    if error != E2BIG {
        count_loss(LossKind::NoEntry);
    } else if count_loss(LossKind::MapFull) == 0 {
        lost();
    }
    None
}

/// Counts a loss.
#[inline(always)]
pub(crate) fn lose(kind: LossKind) {
    count_loss(kind);
}

#[inline(always)]
fn remember_lineage(cgroup_id: u64, ancestor: impl Fn(i32) -> u64) {
    let mut lineage = Lineage {
        levels: [0; LINEAGE_LEVELS],
    };
    lineage.levels[0] = ancestor(0);
    if lineage.levels[0] == 0 {
        // This kernel cannot tell; user space finds the path instead.
        return;
    }
    lineage.levels[1] = ancestor(1);
    lineage.levels[2] = ancestor(2);
    lineage.levels[3] = ancestor(3);
    lineage.levels[4] = ancestor(4);
    lineage.levels[5] = ancestor(5);
    lineage.levels[6] = ancestor(6);
    lineage.levels[7] = ancestor(7);
    match LINEAGES.insert(&cgroup_id, &lineage, u64::from(BPF_NOEXIST)) {
        Ok(()) | Err(EEXIST) => {}
        Err(_) => {
            count_loss(LossKind::NoLineage);
        }
    }
}

/// Counts a loss and returns how many there were before on this CPU.
#[inline(always)]
fn count_loss(kind: LossKind) -> u64 {
    let Some(losses) = LOSSES.get_ptr_mut(0) else {
        return 1;
    };
    // SAFETY: the map returned the address of this CPU's value; it lives as long as the program, and has a place for
    // each kind.
    unsafe {
        let losses = losses.cast::<u64>().add(kind as usize);
        let before = *losses;
        add_relaxed(losses, 1);
        before
    }
}
