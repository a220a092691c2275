//! A `cgroup_skb` program that has the same answer to every packet.

use std::fs::File;
use std::path::Path;

use aya::Ebpf;
use aya::programs::{CgroupAttachMode, CgroupSkb, CgroupSkbAttachType};

use super::object_file::cgroup_skb;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is dropped.
    Drop,
    /// It passes, as if there were no program.
    Pass,
}

/// Attaches the program under this name to a cgroup, beside what is there; it goes with what is given.
#[track_caller]
pub fn attach(name: &str, verdict: Verdict, cgroup: &Path, direction: CgroupSkbAttachType) -> Ebpf {
    let answer = i32::from(verdict == Verdict::Pass);
    let object = cgroup_skb(name, &[(0xb7, 0x00, 0, answer), (0x95, 0x00, 0, 0)], None);
    let mut ebpf = Ebpf::load(&object).expect("the kernel takes the object");
    let program = ebpf.program_mut(name).expect("it is in the object");
    let program: &mut CgroupSkb = program.try_into().expect("it is of this type");
    program.load().expect("the kernel takes the program");
    let cgroup = File::open(cgroup).expect("the cgroup is there");
    program
        .attach(cgroup, direction, CgroupAttachMode::default())
        .expect("the kernel attaches the program");
    ebpf
}
