//! What only the agent needs: leave to read map values as plain bytes.

#![expect(
    unsafe_code,
    reason = "Pod is an unsafe trait; this crate owns the layout that it vouches for"
)]

use crate::{CgroupCounters, Lineage, TaskLayout};

// SAFETY: `repr(C)`, only `u64` fields, no padding (asserted by size), every bit pattern is a value.
unsafe impl aya::Pod for CgroupCounters {}
// SAFETY: `repr(C)`, an array of `u64`, every bit pattern is a value.
unsafe impl aya::Pod for Lineage {}
// SAFETY: as above.
unsafe impl aya::Pod for TaskLayout {}
