use super::*;

/// Names and members of the five structs, members as name and offset in bits.
const STRUCTS: [(&str, &[(&str, u32)]); 5] = [
    (
        "task_struct",
        &[
            ("flags", 0),
            ("prio", 64),
            ("se", 1024),
            ("cgroups", 2048),
            ("pid", 4096),
        ],
    ),
    (
        "sched_entity",
        &[("sum_exec_runtime", 80), ("prev_sum_exec_runtime", 160)],
    ),
    ("css_set", &[("dfl_cgrp", 576)]),
    ("cgroup", &[("kn", 1920)]),
    ("kernfs_node", &[("id", 768)]),
];

/// A BTF of these structs, behind an integer and an array, which have to be stepped over.
fn btf(structs: &[(&str, &[(&str, u32)])], kind_flag: u32) -> Vec<u8> {
    let mut names = vec![0];
    let mut name = |text: &str| {
        let at = u32::try_from(names.len()).unwrap();
        names.extend(text.bytes().chain([0]));
        at
    };
    let mut types: Vec<u32> = vec![name("int"), 1 << 24, 4, 32, 0, 3 << 24, 0, 1, 1, 7];
    for (of, members) in structs {
        let count = u32::try_from(members.len()).unwrap();
        types.extend([name(of), kind_flag << 31 | KIND_STRUCT << 24 | count, 64]);
        for (member, bits) in *members {
            types.extend([name(member), 1, *bits]);
        }
    }
    let types_bytes = u32::try_from(4 * types.len()).unwrap();
    let names_bytes = u32::try_from(names.len()).unwrap();
    let mut bytes = MAGIC.to_ne_bytes().to_vec();
    bytes.extend([1, 0]);
    for word in [24, 0, types_bytes, types_bytes, names_bytes].into_iter().chain(types) {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(names);
    bytes
}

#[test]
fn offsets_are_read_with_and_without_bit_fields() {
    for kind_flag in [0, 1] {
        let layout = task_layout(&btf(&STRUCTS, kind_flag)).unwrap();
        assert_eq!(
            layout,
            TaskLayout {
                task_runtime: 138,
                task_runtime_before: 148,
                task_priority: 8,
                task_pid: 512,
                task_cgroups: 256,
                css_set_cgroup: 72,
                cgroup_kernfs_node: 240,
                kernfs_node_id: 96,
            }
        );
    }
}

#[test]
fn what_is_missing_is_named() {
    let without_last = &STRUCTS[..4];
    assert_eq!(
        task_layout(&btf(without_last, 0)),
        Err(BtfError::Missing("kernfs_node.id"))
    );
    let mut renamed = STRUCTS;
    renamed[2] = ("css_set", &[("other", 0)]);
    assert_eq!(
        task_layout(&btf(&renamed, 0)),
        Err(BtfError::Missing("css_set.dfl_cgrp"))
    );
}

#[test]
fn a_bit_field_has_no_offset_in_bytes() {
    let mut odd = STRUCTS;
    odd[4] = ("kernfs_node", &[("id", 1 << 24 | 0x300)]);
    assert_eq!(task_layout(&btf(&odd, 1)), Err(BtfError::Missing("kernfs_node.id")));
}

#[test]
fn bytes_cut_off_anywhere_are_refused() {
    let whole = btf(&STRUCTS, 0);
    for length in 0..whole.len() {
        assert!(task_layout(&whole[..length]).is_err(), "{length} bytes");
    }
    assert_eq!(task_layout(&[0; 64]), Err(BtfError::Malformed));
}
