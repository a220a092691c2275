//! Where a cgroup has its place in a table that holds one at each place.

/// How many cgroups a CPU keeps charges of before they go into the map of counters: a power of two.
pub const PENDING_CHARGES: usize = 16;

/// How many cgroups with traffic can have a slot: a power of two. Counters for each of them are one value of a per-CPU
/// map, for which the kernel sets 32 KiB as a limit.
pub const SLOTS: usize = 256;

/// The place of `cgroup_id` among `places`, a power of two. Ids of neighbouring cgroups differ by the number of their
/// files, which must not put all of them in one place. Inlined, so that the kernel's verifier sees that a place is below
/// the number of places.
#[inline(always)]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 places")]
pub const fn place_of(cgroup_id: u64, places: usize) -> usize {
    const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
    (cgroup_id.wrapping_mul(GOLDEN_RATIO) >> (u64::BITS - places.ilog2())) as usize
}

const _: () = assert!(PENDING_CHARGES.is_power_of_two() && SLOTS.is_power_of_two());
const _: () = assert!(SLOTS * size_of::<crate::CgroupCounters>() <= 32 << 10);
