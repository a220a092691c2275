//! Every map, in one place. Sizes are placeholders: the loader sets them from possible CPUs and containers.

use agent_common::{CgroupCounters, ChargedUpTo, Lineage, LossKind, PENDING_CHARGES, PendingCharge, SLOTS, TaskLayout};
use aya_ebpf::{
    Global,
    bindings::BPF_F_MMAPABLE,
    macros::map,
    maps::{Array, HashMap, PerCpuArray, PerCpuHashMap},
};

/// Preallocated, because a tracing program may not allocate before 6.1.
#[map]
pub(crate) static COUNTERS: PerCpuHashMap<u64, CgroupCounters> = PerCpuHashMap::with_max_entries(1024, 0);

/// Which cgroup has the slot at a place. The agent writes it through its memory, one whole number at a time.
#[map]
pub(crate) static SLOT_OWNERS: Array<[u64; SLOTS]> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Network counters of cgroups with a slot: found by their place, which costs a tenth of a lookup in the hash.
#[map]
pub(crate) static SLOT_COUNTERS: PerCpuArray<[CgroupCounters; SLOTS]> = PerCpuArray::with_max_entries(1, 0);

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
pub(crate) static LOSSES: PerCpuArray<[u64; LossKind::COUNT]> = PerCpuArray::with_max_entries(1, 0);

/// Set before load; the verifier sees a constant and never looks at the branch that the kernel cannot run.
#[unsafe(no_mangle)]
pub(crate) static HAS_CURRENT_ANCESTOR: Global<u8> = Global::new(0);

/// Set before load where the kernel's BTF tells it: a constant for the verifier too, which checks it.
#[unsafe(no_mangle)]
pub(crate) static TASK_LAYOUT: Global<TaskLayout> = Global::new(TaskLayout::UNKNOWN);
