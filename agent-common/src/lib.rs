//! What the kernel programs and the agent agree on: names of maps, programs and globals, and the layout of
//! keys and values.
//!
//! Rules for a type that crosses the border: `repr(C)`, only unsigned integers, no padding, sizes and offsets
//! asserted next to it. A field that is added goes to the end.

#![no_std]

pub mod counters;
pub mod names;
pub mod place;
pub mod task;

#[cfg(feature = "user")]
mod user;

pub use counters::{CgroupCounters, LINEAGE_LEVELS, Lineage, LossKind};
pub use place::{PENDING_CHARGES, SLOTS, place_of};
pub use task::{ChargedUpTo, PendingCharge, TaskLayout};
