//! CPU time by cgroup, charged when a CPU changes its task.
//!
//! Hook: `sched_switch(bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state)`,
//! which runs before the switch with interrupts off, so the current task is the one that leaves the CPU. No
//! argument is read. The agent also runs this program itself on each CPU before it reads, which charges the task
//! that is running and would otherwise be missing until it gives up the CPU.

use aya_ebpf::{
    helpers::{
        bpf_get_current_ancestor_cgroup_id, bpf_get_current_cgroup_id, bpf_get_current_pid_tgid, bpf_ktime_get_ns,
    },
    macros::raw_tracepoint,
    programs::RawTracePointContext,
};

use crate::{
    entry::find_or_make,
    maps::{HAS_CURRENT_ANCESTOR, LAST_CHARGE},
};

/// Ids up to this one are no cgroup (0) and the root (1).
const ROOT_CGROUP_ID: u64 = 1;

/// Charges the time since the last switch on this CPU to the cgroup of the task that ran.
#[raw_tracepoint(tracepoint = "sched_switch")]
pub(crate) fn charge_cpu(ctx: RawTracePointContext) -> i32 {
    charge(&ctx);
    0
}

#[inline(always)]
fn charge(_ctx: &RawTracePointContext) {
    let Some(last) = LAST_CHARGE.get_ptr_mut(0) else { return };
    // SAFETY: helpers without arguments; `last` is this CPU's value, which nothing else on this CPU touches while
    // interrupts are off.
    let (now_ns, last_ns) = unsafe {
        let now_ns = bpf_ktime_get_ns();
        let last_ns = *last;
        *last = now_ns;
        (now_ns, last_ns)
    };
    // The idle task is thread 0: time in it is nobody's.
    if last_ns == 0 || bpf_get_current_pid_tgid() == 0 {
        return;
    }
    // SAFETY: a helper without arguments.
    let cgroup_id = unsafe { bpf_get_current_cgroup_id() };
    if cgroup_id <= ROOT_CGROUP_ID {
        return;
    }
    let ancestor = |level| {
        if HAS_CURRENT_ANCESTOR.load() == 0 {
            return 0;
        }
        // SAFETY: any level is allowed; the helper answers 0 where there is none.
        unsafe { bpf_get_current_ancestor_cgroup_id(level) }
    };
    let Some(entry) = find_or_make(cgroup_id, ancestor, || {}) else {
        return;
    };
    // SAFETY: `entry` is this CPU's value. Only this program writes the field, and never twice at once on a CPU.
    unsafe {
        // The fast clock may step back by a few ns.
        (*entry).cpu_ns += now_ns.saturating_sub(last_ns);
    }
}
