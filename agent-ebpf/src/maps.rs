//! Every map, in one place. Sizes are placeholders: the loader sets them from possible CPUs and containers.

use agent_common::{CgroupCounters, ChargedUpTo, Lineage, LossKind, PENDING_CHARGES, PendingCharge, TaskLayout};
use aya_ebpf::{
    Global,
    macros::map,
    maps::{HashMap, PerCpuArray, PerCpuHashMap},
};

/// Preallocated, because a tracing program may not allocate before 6.1.
#[map]
pub(crate) static COUNTERS: PerCpuHashMap<u64, CgroupCounters> = PerCpuHashMap::with_max_entries(1024, 0);

/// Leaf to ancestors, so that a nested cgroup belongs to its container even after it is gone.
#[map]
pub(crate) static LINEAGES: HashMap<u64, Lineage> = HashMap::with_max_entries(1024, 0);

/// Up to when the time of this CPU is charged.
#[map]
pub(crate) static CHARGED_UP_TO: PerCpuArray<ChargedUpTo> = PerCpuArray::with_max_entries(1, 0);

/// Charges of the cgroups that this CPU runs most, on their way into the counters.
#[map]
pub(crate) static PENDING: PerCpuArray<[PendingCharge; PENDING_CHARGES]> = PerCpuArray::with_max_entries(1, 0);

/// What could not be counted, by kind.
#[map]
pub(crate) static LOSSES: PerCpuArray<u64> = PerCpuArray::with_max_entries(LossKind::COUNT, 0);

/// Set before load; the verifier sees a constant and never looks at the branch that the kernel cannot run.
#[unsafe(no_mangle)]
pub(crate) static HAS_CURRENT_ANCESTOR: Global<u8> = Global::new(0);

/// Set before load where the kernel's BTF tells it: a constant for the verifier too, which checks it.
#[unsafe(no_mangle)]
pub(crate) static TASK_LAYOUT: Global<TaskLayout> = Global::new(TaskLayout::UNKNOWN);
