//! CPU time by cgroup, charged when a CPU changes its task.
//!
//! Hook: `sched_switch(bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state)`,
//! which runs before the switch with interrupts off: the current task is the one that leaves the CPU, and what the
//! scheduler says of both is up to date.
//!
//! Two ways, of which the agent attaches one. `charge_task` takes the scheduler's own account of the task that leaves:
//! no clock is read, and the sum is that of `cpu.stat`. It needs to know where the kernel keeps it, which BTF tells.
//! `charge_cpu` takes the time since the last switch by the clock, and needs nothing.
//!
//! A task that is running would be missing until it gives up the CPU, so the agent runs `flush_task` or `charge_cpu`
//! on each CPU before it reads.

#![expect(clippy::cast_possible_truncation, reason = "pointers of this target have 64 bits")]

use core::ops::Range;

use agent_common::{ChargedUpTo, LossKind, PENDING_CHARGES, PendingCharge, TaskLayout, place_of};
use aya_ebpf::{
    helpers::{
        bpf_get_current_ancestor_cgroup_id, bpf_get_current_cgroup_id, bpf_get_current_task_btf, bpf_ktime_get_ns,
    },
    macros::{btf_tracepoint, raw_tracepoint},
    programs::{BtfTracePointContext, RawTracePointContext},
};

use crate::{
    entry::{find_or_make, lose},
    maps::{CHARGED_UP_TO, COUNTERS, HAS_CURRENT_ANCESTOR, PENDING, TASK_LAYOUT},
};

/// Ids up to this one are no cgroup (0) and the root (1), where the idle task is: its time is nobody's.
const ROOT_CGROUP_ID: u64 = 1;

/// Priorities that the fair scheduler serves, as the kernel numbers them: below are real-time tasks.
const FAIR_PRIORITIES: Range<u32> = 100..140;

/// A `task_struct`, as the verifier knows it: any field may be read, and what is read from it.
type Task = *const u8;

/// Charges the task that leaves with what the scheduler says it ran.
#[btf_tracepoint(function = "sched_switch")]
pub(crate) fn charge_task(ctx: BtfTracePointContext) -> i32 {
    let layout = TASK_LAYOUT.load();
    // SAFETY: the kernel passes two live tasks, with interrupts off.
    unsafe {
        let (prev, next) = (RunTime::of(ctx.arg(1), &layout), RunTime::of(ctx.arg(2), &layout));
        charge_run_time(ctx.arg(1), prev, next, &layout);
    }
    0
}

/// Charges the task that runs on this CPU now. The agent runs it; it is attached to nothing.
#[raw_tracepoint(tracepoint = "sched_switch")]
pub(crate) fn flush_task(_ctx: RawTracePointContext) -> i32 {
    let layout = TASK_LAYOUT.load();
    // SAFETY: the current task lives, and does not leave while this runs.
    unsafe {
        let task: Task = bpf_get_current_task_btf().cast();
        let now = RunTime::of(task, &layout);
        charge_run_time(task, now, now, &layout);
    }
    if let Some(pending) = PENDING.get_ptr_mut(0) {
        for index in 0..PENDING_CHARGES {
            // SAFETY: this CPU's value, and nothing else on this CPU touches it meanwhile.
            unsafe { settle(pending.cast::<PendingCharge>().add(index)) };
        }
    }
    0
}

/// What a thread has run up to now, by the scheduler's account.
#[derive(Clone, Copy)]
struct RunTime {
    /// Its id plus one: no thread has 0.
    whose: u64,
    ns: u64,
}

impl RunTime {
    /// # Safety
    /// `task` is a live task.
    #[inline(always)]
    unsafe fn of(task: Task, layout: &TaskLayout) -> Self {
        // SAFETY: as the caller says; the offsets are those of this kernel's BTF.
        unsafe {
            Self {
                whose: u64::from(field::<u32>(task, layout.task_pid)) + 1,
                ns: field(task, layout.task_runtime),
            }
        }
    }
}

/// Charges `task` with its run time since this CPU was last charged; from here on the CPU is charged from `next`.
///
/// # Safety
/// `task` is a live task and the current one, and nothing else on this CPU charges meanwhile.
#[inline(always)]
unsafe fn charge_run_time(task: Task, now: RunTime, next: RunTime, layout: &TaskLayout) {
    // SAFETY: as the caller says.
    let Some(since) = (unsafe { charged_up_to(next.whose, next.ns) }) else {
        return;
    };
    // SAFETY: fields of live objects, at the offsets that this kernel's BTF gives.
    let cgroup_id = unsafe {
        let css_set = field::<Task>(task, layout.task_cgroups);
        let cgroup = field::<Task>(css_set, layout.css_set_cgroup);
        let kernfs_node = field::<Task>(cgroup, layout.cgroup_kernfs_node);
        field::<u64>(kernfs_node, layout.kernfs_node_id)
    };
    if cgroup_id <= ROOT_CGROUP_ID {
        return;
    }
    let since_ns = if since.whose == now.whose {
        Some(since.ns)
    } else {
        // Another thread's run time is no measure for this one.
        // SAFETY: as the caller says.
        unsafe { ran_before(task, layout) }
    };
    match since_ns {
        // SAFETY: as the caller says.
        Some(since_ns) => unsafe { charge_later(cgroup_id, now.ns.saturating_sub(since_ns)) },
        None => lose(LossKind::MissedSwitch),
    }
}

/// What the task had run when it came to its CPU, for one whose coming was not seen: some kernels do not tell when
/// certain threads leave. Only the fair scheduler keeps it.
///
/// # Safety
/// `task` is a live task.
#[inline(always)]
unsafe fn ran_before(task: Task, layout: &TaskLayout) -> Option<u64> {
    // SAFETY: as the caller says; the offsets are those of this kernel's BTF.
    let (priority, ran_before_ns) = unsafe {
        (
            field::<u32>(task, layout.task_priority),
            field::<u64>(task, layout.task_runtime_before),
        )
    };
    FAIR_PRIORITIES.contains(&priority).then_some(ran_before_ns)
}

/// Keeps the charge on this CPU, where a cgroup that was charged of late is found without a lookup in the map of
/// counters; what was kept in its place goes there.
///
/// # Safety
/// Interrupts are off, and the current task is of this cgroup.
#[inline(always)]
unsafe fn charge_later(cgroup_id: u64, ns: u64) {
    let Some(pending) = PENDING.get_ptr_mut(0) else { return };
    // SAFETY: this CPU's value, which nothing else on this CPU touches while interrupts are off; the place is within it.
    unsafe {
        let place = pending
            .cast::<PendingCharge>()
            .add(place_of(cgroup_id, PENDING_CHARGES));
        if (*place).cgroup_id == cgroup_id {
            (*place).ns += ns;
            return;
        }
        settle(place);
        // The entry is made now, while its ancestors can be asked for.
        let is_counted = find_or_make(cgroup_id, current_ancestor, || {}).is_some();
        *place = if is_counted {
            PendingCharge { cgroup_id, ns }
        } else {
            PendingCharge { cgroup_id: 0, ns: 0 }
        };
    }
}

/// Moves a charge into the counters.
///
/// # Safety
/// `place` is in this CPU's value, and interrupts are off.
#[inline(always)]
unsafe fn settle(place: *mut PendingCharge) {
    // SAFETY: as the caller says.
    unsafe {
        let PendingCharge { cgroup_id, ns } = *place;
        if ns == 0 {
            return;
        }
        (*place).ns = 0;
        match COUNTERS.get_ptr_mut(cgroup_id) {
            Some(entry) => (*entry).cpu_ns += ns,
            None => lose(LossKind::NoEntry),
        }
    }
}

/// Charges the current task with the time since this CPU was last charged.
#[raw_tracepoint(tracepoint = "sched_switch")]
pub(crate) fn charge_cpu(_ctx: RawTracePointContext) -> i32 {
    // SAFETY: helpers without arguments; interrupts are off.
    let (since, now_ns, cgroup_id) = unsafe {
        let now_ns = bpf_ktime_get_ns();
        (charged_up_to(1, now_ns), now_ns, bpf_get_current_cgroup_id())
    };
    if let Some(since) = since {
        // The fast clock may step back by a few ns.
        charge(cgroup_id, now_ns.saturating_sub(since.ns));
    }
    0
}

/// Up to when this CPU was charged, which is `ns` of `whose` from here on; `None` the first time.
///
/// # Safety
/// Nothing else on this CPU charges meanwhile.
#[inline(always)]
unsafe fn charged_up_to(whose: u64, ns: u64) -> Option<ChargedUpTo> {
    let charged = CHARGED_UP_TO.get_ptr_mut(0)?;
    // SAFETY: this CPU's value, which nothing else on this CPU touches meanwhile.
    let before = unsafe { charged.replace(ChargedUpTo { ns, whose }) };
    (before.whose != 0).then_some(before)
}

#[inline(always)]
fn charge(cgroup_id: u64, ns: u64) {
    if cgroup_id <= ROOT_CGROUP_ID {
        return;
    }
    let Some(entry) = find_or_make(cgroup_id, current_ancestor, || {}) else {
        return;
    };
    // SAFETY: `entry` is this CPU's value. Only these programs write the field, and never twice at once on a CPU.
    unsafe { (*entry).cpu_ns += ns };
}

/// The id of an ancestor of the current task's cgroup; 0 where there is none, or where the kernel cannot tell.
#[inline(always)]
fn current_ancestor(level: i32) -> u64 {
    if HAS_CURRENT_ANCESTOR.load() == 0 {
        return 0;
    }
    // SAFETY: any level is allowed; the helper answers 0 where there is none.
    unsafe { bpf_get_current_ancestor_cgroup_id(level) }
}

/// A field of a kernel object. The verifier knows the type of `object` and checks the offset against it.
///
/// # Safety
/// `object` is live, and has a `T` at `offset`.
#[inline(always)]
unsafe fn field<T: Copy>(object: Task, offset: u64) -> T {
    // SAFETY: passed on from the caller.
    unsafe { *object.add(offset as usize).cast::<T>() }
}
