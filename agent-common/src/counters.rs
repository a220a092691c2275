//! Keys and values of the maps.

use core::mem::{align_of, offset_of, size_of};

/// What one leaf cgroup has used since its entry was made. The maps hold one of these per possible CPU; a
/// cgroup's figure is the sum over CPUs.
///
/// Network bytes are L3: IP header and all behind it, before segmentation, without the Ethernet header.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CgroupCounters {
    /// Bytes received over any interface but loopback.
    pub rx_bytes: u64,
    /// Packets received over any interface but loopback; a GRO super-packet is one.
    pub rx_packets: u64,
    /// Segments received beyond one a packet: what super-packets were made of. Most packets add nothing.
    pub rx_more_segments: u64,
    /// Bytes sent over any interface but loopback.
    pub tx_bytes: u64,
    /// Packets sent over any interface but loopback; a GSO super-packet is one.
    pub tx_packets: u64,
    /// Segments sent beyond one a packet: what super-packets will become.
    pub tx_more_segments: u64,
    /// Bytes received over loopback.
    pub loopback_rx_bytes: u64,
    /// Bytes sent over loopback.
    pub loopback_tx_bytes: u64,
    /// Time on a CPU, in ns: the scheduler's account, or time by the clock.
    pub cpu_ns: u64,
}

impl CgroupCounters {
    /// What an entry starts from.
    pub const ZERO: Self = Self {
        rx_bytes: 0,
        rx_packets: 0,
        rx_more_segments: 0,
        tx_bytes: 0,
        tx_packets: 0,
        tx_more_segments: 0,
        loopback_rx_bytes: 0,
        loopback_tx_bytes: 0,
        cpu_ns: 0,
    };
}

const _: () = assert!(size_of::<CgroupCounters>() == 72);
const _: () = assert!(align_of::<CgroupCounters>() == 8);
const _: () = assert!(offset_of!(CgroupCounters, tx_bytes) == 24);
const _: () = assert!(offset_of!(CgroupCounters, loopback_rx_bytes) == 48);
const _: () = assert!(offset_of!(CgroupCounters, cpu_ns) == 64);

/// How many levels of the cgroup tree a [`Lineage`] tells, the root being level 0.
pub const LINEAGE_LEVELS: usize = 8;

/// Ids of a leaf cgroup's ancestors, from level 0 (the root) on, the leaf itself included; 0 behind its end.
///
/// Written when the leaf is first seen, so that it stays known after the cgroup is removed.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// One cgroup id a level.
    pub levels: [u64; LINEAGE_LEVELS],
}

const _: () = assert!(size_of::<Lineage>() == 8 * LINEAGE_LEVELS);
const _: () = assert!(align_of::<Lineage>() == 8);

/// Why an update could not be counted: index into the map of losses.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossKind {
    /// The map of counters has no room for another cgroup.
    MapFull = 0,
    /// The entry could not be made for another reason (the bucket was busy).
    NoEntry = 1,
    /// The lineage of a leaf could not be kept.
    NoLineage = 2,
    /// A task left a CPU that, as far as was seen, another task had: what it ran since it came is not charged.
    MissedSwitch = 3,
}

impl LossKind {
    /// How many kinds there are: the length of the map's value.
    pub const COUNT: usize = 4;
}
