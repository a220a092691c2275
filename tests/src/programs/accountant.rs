//! Another accountant at a cgroup, of the kind that systemd attaches for `IPAccounting=yes`: a `cgroup_skb` program a
//! direction, which adds up packets and their lengths.

use std::path::Path;

use aya::Ebpf;
use aya::maps::Array;
use aya::programs::CgroupSkbAttachType;

use super::attached::attach_to;
use super::object_file::{Instruction, OneValue};

const NAME: &str = "account";
/// Packets, then bytes.
const COUNTED: OneValue = OneValue {
    name: "COUNTED",
    bytes: 16,
    used_at: 5,
};

const INSTRUCTIONS: [Instruction; 14] = [
    (0xbf, 0x16, 0, 0),  // r6 = the packet
    (0x61, 0x67, 0, 0),  // r7 = its length
    (0x62, 0x0a, -4, 0), // on the stack: key 0
    (0xbf, 0xa2, 0, 0),  // r2 = address of
    (0x07, 0x02, 0, -4), //      the key
    (0x18, 0x01, 0, 0),  // r1 = the map, in two words
    (0x00, 0x00, 0, 0),
    (0x85, 0x00, 0, 1), // r0 = its value there
    (0x15, 0x00, 3, 0), // which it has: else to the end
    (0xb7, 0x01, 0, 1), // r1 = 1
    (0xdb, 0x10, 0, 0), // packets += r1, atomically
    (0xdb, 0x70, 8, 0), // bytes += r7, atomically
    (0xb7, 0x00, 0, 1), // r0 = 1: the packet passes
    (0x95, 0x00, 0, 0),
];

/// What it has counted in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Packets.
    pub packets: u64,
    /// Their bytes, from the IP header on.
    pub bytes: u64,
}

/// Both programs, attached until dropped.
#[derive(Debug)]
pub struct Accountant {
    received: Ebpf,
    sent: Ebpf,
}

impl Accountant {
    /// Attaches it to the cgroup of that directory, beside whoever else is there.
    #[track_caller]
    pub fn attach(cgroup: &Path) -> Self {
        let attach = |direction| attach_to(cgroup, direction, NAME, &INSTRUCTIONS, Some(&COUNTED));
        Self {
            received: attach(CgroupSkbAttachType::Ingress),
            sent: attach(CgroupSkbAttachType::Egress),
        }
    }

    /// Received since it was attached.
    #[track_caller]
    pub fn received(&self) -> Counted {
        counted(&self.received)
    }

    /// Sent since it was attached.
    #[track_caller]
    pub fn sent(&self) -> Counted {
        counted(&self.sent)
    }
}

#[track_caller]
fn counted(ebpf: &Ebpf) -> Counted {
    let map = ebpf.map(COUNTED.name).expect("it is in the object");
    let map: Array<_, [u64; 2]> = map.try_into().expect("it is an array");
    let [packets, bytes] = map.get(&0, 0).expect("it has one value");
    Counted { packets, bytes }
}
