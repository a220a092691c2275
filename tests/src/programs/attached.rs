//! A `cgroup_skb` program of a test's own at a cgroup.

use std::fs::File;
use std::path::Path;

use aya::Ebpf;
use aya::programs::{CgroupAttachMode, CgroupSkb, CgroupSkbAttachType};

use super::object_file::{Instruction, OneValue, cgroup_skb};

/// Loads these instructions as a program of this name, with the map that they use, and attaches it beside what is there; it
/// goes with what is given.
#[track_caller]
pub(super) fn attach_to(
    cgroup: &Path,
    direction: CgroupSkbAttachType,
    name: &str,
    instructions: &[Instruction],
    map: Option<&OneValue>,
) -> Ebpf {
    let object = cgroup_skb(name, instructions, map);
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
