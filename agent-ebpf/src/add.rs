//! Adding to a counter that another program may interrupt.

use core::intrinsics::{AtomicOrdering, atomic_xadd};

/// Adds `amount` so that no update is lost when softirq interrupts process context on the same CPU.
///
/// Relaxed, not sequentially consistent: the stronger order becomes a fetching add, which needs kernel 5.12.
///
/// # Safety
/// `counter` points to an aligned `u64` inside a live map value.
#[inline(always)]
pub(crate) unsafe fn add_relaxed(counter: *mut u64, amount: u64) {
    // SAFETY: passed on from the caller.
    let _previous = unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(counter, amount) };
}
