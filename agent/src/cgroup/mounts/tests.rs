use proptest::prelude::*;

use super::*;

const PURE_V2: &str = "\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 25 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
";

const HYBRID: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:10 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

/// Docker's default on a v1 host: each hierarchy is mounted from the container's own directory.
const INSIDE_A_CONTAINER: &str = "\
900 890 0:32 /docker/0123 /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory
901 890 0:38 /docker/0123 /sys/fs/cgroup/unified ro,nosuid - cgroup2 cgroup2 rw
902 880 0:28 / /host/cgroup ro - tmpfs tmpfs rw,mode=755
903 902 0:32 / /host/cgroup/memory ro - cgroup cgroup rw,memory
904 902 0:38 / /host/cgroup/unified ro - cgroup2 cgroup2 rw
905 902 0:38 / /host/cgroups ro - cgroup2 cgroup2 rw
";

fn mounts(v2: Option<&str>, memory_v1: Option<&str>, cpu_and_cpuacct_v1: Option<&str>) -> Mounts {
    Mounts {
        v2: v2.map(PathBuf::from),
        memory_v1: memory_v1.map(PathBuf::from),
        cpu_v1: cpu_and_cpuacct_v1.map(PathBuf::from),
        cpuacct_v1: cpu_and_cpuacct_v1.map(PathBuf::from),
    }
}

#[test]
fn each_shape_of_tree_is_found() {
    for (name, text, below, expected) in [
        ("pure v2", PURE_V2, None, mounts(Some("/sys/fs/cgroup"), None, None)),
        (
            "hybrid",
            HYBRID,
            None,
            mounts(
                Some("/sys/fs/cgroup/unified"),
                Some("/sys/fs/cgroup/memory"),
                Some("/sys/fs/cgroup/cpu,cpuacct"),
            ),
        ),
        (
            "parts of a tree do not count",
            INSIDE_A_CONTAINER,
            None,
            mounts(Some("/host/cgroup/unified"), Some("/host/cgroup/memory"), None),
        ),
        (
            "below a root",
            INSIDE_A_CONTAINER,
            Some("/host/cgroup"),
            mounts(Some("/host/cgroup/unified"), Some("/host/cgroup/memory"), None),
        ),
        (
            "at a root, with whose name another begins",
            INSIDE_A_CONTAINER,
            Some("/host/cgroups"),
            mounts(Some("/host/cgroups"), None, None),
        ),
        ("below a root without mounts", HYBRID, Some("/host"), Mounts::default()),
        ("nothing", "", None, Mounts::default()),
    ] {
        assert_eq!(Mounts::parse(text.as_bytes(), below.map(Path::new)), expected, "{name}");
    }
}

#[test]
fn from_a_private_namespace_the_mount_of_the_whole_tree_wins() {
    let text = "\
900 890 0:38 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw
901 890 0:38 /../.. /host/cgroup ro - cgroup2 cgroup2 rw
902 890 0:38 /../../system.slice /other ro - cgroup2 cgroup2 rw
";
    let mounts = Mounts::parse(text.as_bytes(), None);
    assert_eq!(mounts.v2(), Some(Path::new("/host/cgroup")));
}

#[test]
fn escaped_characters_are_read_and_broken_lines_passed_over() {
    let text = b"\
garbage
1 2 3
30 25 0:26 / /bad - cgroup2
31 25 0:26 / /with\\040space\\134\\011\\9/\xff rw shared:1 master:2 - cgroup2 none rw
";
    let point = Mounts::parse(text, None).v2.unwrap();
    assert_eq!(point.into_os_string().into_vec(), b"/with space\\\t\\9/\xff");
}

#[test]
fn directories_of_a_container_are_joined_to_their_mounts() {
    let id = "ab".repeat(32);
    let dirs = ContainerDirs::parse(&format!("4:memory:/docker/{id}\n0::/docker/{id}\n"), &id);
    let mounts = Mounts::parse(HYBRID.as_bytes(), None);
    assert_eq!(
        mounts.v2_dir(&dirs),
        Some(PathBuf::from(format!("/sys/fs/cgroup/unified/docker/{id}")))
    );
    assert_eq!(
        mounts.memory_v1_dir(&dirs),
        Some(PathBuf::from(format!("/sys/fs/cgroup/memory/docker/{id}")))
    );
    assert_eq!(mounts.cpuacct_v1_dir(&dirs), None);
}

#[test]
fn the_error_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let error = Mounts::read(dir.path(), None).unwrap_err();
    assert!(error.to_string().contains("self/mountinfo failed: "), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text: Vec<u8>) {
        let _ = Mounts::parse(&text, None);
    }

    #[test]
    fn no_mount_point_makes_it_panic(point in "[\\\\0-9a/ ]{0,12}") {
        let _ = Mounts::parse(format!("1 2 3 {point} {point} rw - cgroup2 none rw").as_bytes(), None);
    }
}
