use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::cgroup::walk;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A tree like a node's, with one container, `v2` and `v1` being the mount points.
struct Tree {
    dir: TempDir,
    mounts: Mounts,
    dirs: ContainerDirs,
}

impl Tree {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().display();
        let mountinfo =
            format!("1 1 0:1 / {root}/v2 rw - cgroup2 cgroup2 rw\n2 1 0:2 / {root}/v1 rw - cgroup cgroup rw,memory\n");
        let tree = Self {
            mounts: Mounts::parse(mountinfo.as_bytes(), None),
            dirs: ContainerDirs::parse(&format!("4:memory:/docker/{ID}\n0::/docker/{ID}\n"), ID),
            dir,
        };
        for version in ["v2", "v1"] {
            fs::create_dir_all(tree.cgroup(version)).unwrap();
        }
        tree
    }

    fn cgroup(&self, version: &str) -> PathBuf {
        self.dir.path().join(version).join("docker").join(ID)
    }

    fn write(&self, version: &str, files: &[(&str, &str)]) {
        for (name, text) in files {
            fs::write(self.cgroup(version).join(name), text).unwrap();
        }
    }

    fn open(&self) -> Result<MemoryFiles, MemoryError> {
        MemoryFiles::open(&self.mounts, &self.dirs)
    }
}

/// All three files.
fn read(files: &MemoryFiles, buffer: &mut Vec<u8>) -> Result<MemoryReading, MemoryError> {
    let usage_bytes = files.usage_bytes(buffer)?;
    files.read_beside(usage_bytes, buffer)
}

const V2_FILES: [(&str, &str); 3] = [
    ("memory.current", "5000\n"),
    ("memory.max", "max\n"),
    ("memory.stat", "anon 1\nfile 9\ninactive_file 2000\nactive_file 1\n"),
];

const V1_FILES: [(&str, &str); 3] = [
    ("memory.usage_in_bytes", "7000\n"),
    ("memory.limit_in_bytes", "100000\n"),
    ("memory.stat", "cache 5\ninactive_file 1\ntotal_inactive_file 3000\n"),
];

#[test]
fn v2_files_are_read_and_read_again() {
    let tree = Tree::new();
    tree.write("v2", &V2_FILES);
    let files = tree.open().unwrap();
    let mut buffer = Vec::new();
    let expected = MemoryReading {
        used_bytes: 3000,
        limit_bytes: None,
    };
    assert_eq!(read(&files, &mut buffer).unwrap(), expected);
    tree.write("v2", &[("memory.current", "12000\n"), ("memory.max", "65536\n")]);
    let expected = MemoryReading {
        used_bytes: 10_000,
        limit_bytes: Some(65_536),
    };
    assert_eq!(read(&files, &mut buffer).unwrap(), expected);
}

#[test]
fn on_a_hybrid_node_the_v1_files_are_read() {
    let tree = Tree::new();
    tree.write("v2", &[("cpu.stat", "usage_usec 1\n")]);
    tree.write("v1", &V1_FILES);
    let files = tree.open().unwrap();
    assert_eq!(files.dir(), tree.cgroup("v1"));
    let expected = MemoryReading {
        used_bytes: 4000,
        limit_bytes: Some(100_000),
    };
    assert_eq!(read(&files, &mut Vec::new()).unwrap(), expected);
}

#[test]
fn a_removed_cgroup_and_one_without_the_controller_are_told_apart() {
    let tree = Tree::new();
    assert!(matches!(tree.open(), Err(MemoryError::NoController)));
    fs::remove_dir(tree.cgroup("v1")).unwrap();
    let error = tree.open().unwrap_err();
    assert!(matches!(&error, MemoryError::Gone { path } if *path == tree.cgroup("v1")));
    let nowhere = MemoryFiles::open(&tree.mounts, &ContainerDirs::default());
    assert!(matches!(nowhere, Err(MemoryError::NoController)));
}

#[test]
fn what_kernfs_says_of_a_removed_cgroup_is_gone_and_other_errors_are_not() {
    let from = |errno: Errno| MemoryError::read(PathBuf::from("/x"), errno.into());
    assert!(matches!(from(Errno::NODEV), MemoryError::Gone { .. }));
    assert!(matches!(from(Errno::NOENT), MemoryError::Gone { .. }));
    assert!(matches!(from(Errno::ACCESS), MemoryError::Read { .. }));
    assert!(matches!(from(Errno::MFILE), MemoryError::Read { .. }));
}

#[test]
fn a_file_without_its_figure_is_an_error_that_names_it() {
    for (name, text, said) in [
        ("memory.current", "", "memory.current has no number"),
        ("memory.max", "many\n", "memory.max has no number"),
        ("memory.stat", "anon 1\n", "memory.stat has no inactive_file"),
    ] {
        let tree = Tree::new();
        tree.write("v2", &V2_FILES);
        tree.write("v2", &[(name, text)]);
        let error = read(&tree.open().unwrap(), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().ends_with(said), "{error}");
    }
}

#[test]
fn a_long_stat_file_is_read_whole_and_an_endless_one_refused() {
    let tree = Tree::new();
    tree.write("v2", &V2_FILES);
    let files = tree.open().unwrap();
    let mut buffer = Vec::new();
    let long = format!("{}inactive_file 2000\n", "x 1\n".repeat(10_000));
    tree.write("v2", &[("memory.stat", &long)]);
    assert_eq!(read(&files, &mut buffer).unwrap().used_bytes, 3000);
    tree.write("v2", &[("memory.stat", &"x 1\n".repeat(100_000))]);
    assert!(matches!(read(&files, &mut buffer), Err(MemoryError::Read { .. })));
}

#[test]
fn cache_is_taken_off_only_if_smaller_than_usage() {
    for (usage, inactive, used) in [(10, 3, 7), (10, 0, 10), (10, 10, 10), (10, 11, 10), (0, 0, 0)] {
        assert_eq!(used_bytes(usage, inactive), used);
    }
}

#[test]
fn free_memory_is_up_to_the_limit_or_what_the_node_has() {
    const AVAILABLE: Option<u64> = Some(600);
    const TOTAL: Option<u64> = Some(1000);
    for (used_bytes, limit_bytes, available, total, expected) in [
        (100, Some(500), AVAILABLE, TOTAL, Some(400)),
        (600, Some(500), AVAILABLE, TOTAL, Some(0)),
        (100, None, AVAILABLE, TOTAL, AVAILABLE),
        (100, Some(1000), AVAILABLE, TOTAL, AVAILABLE),
        (100, Some(5000), AVAILABLE, TOTAL, AVAILABLE),
        (100, Some(500), None, None, Some(400)),
        (100, None, None, TOTAL, None),
        (100, Some(5000), None, TOTAL, None),
    ] {
        let reading = MemoryReading {
            used_bytes,
            limit_bytes,
        };
        assert_eq!(free_memory_bytes(reading, available, total), expected, "{reading:?}");
    }
}

#[test]
fn every_real_cgroup_of_this_machine_that_has_the_files_can_be_read() {
    let mounts = Mounts::read(Path::new("/proc"), None).unwrap();
    let at_root = ContainerDirs {
        v2: Some(PathBuf::new()),
        memory_v1: Some(PathBuf::new()),
        cpu_v1: None,
        cpuacct_v1: None,
    };
    let trees = [(mounts.v2_dir(&at_root), &V2), (mounts.memory_v1_dir(&at_root), &V1)];
    let mut buffer = Vec::new();
    for (root, layout) in trees {
        let entries = root.map_or_else(Vec::new, |root| walk(&root, 1000).unwrap().entries);
        for dir in entries.into_iter().map(|entry| entry.path) {
            if !dir.join(layout.usage).exists() {
                continue;
            }
            let read = MemoryFiles::open_in(dir, layout).and_then(|files| read(&files, &mut buffer));
            // Others may remove theirs meanwhile.
            assert!(matches!(read, Ok(_) | Err(MemoryError::Gone { .. })), "{read:?}");
        }
    }
}

proptest! {
    #[test]
    fn free_memory_never_passes_the_limit(used: u64, limit: u64, available: u64, total: u64) {
        let reading = MemoryReading { used_bytes: used, limit_bytes: Some(limit) };
        let free = free_memory_bytes(reading, Some(available), Some(total)).unwrap();
        prop_assert!(free <= limit || free == available);
    }
}
