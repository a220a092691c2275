use std::fs;

use super::*;
use crate::{cgroup::ContainerDirs, containers::container::Place};

const ID: &str = "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f";

/// A tree with these files below `root`, and the files that a container in it has.
fn accounts(mountinfo: &str, dirs: ContainerDirs, tree: &[(&str, &str)]) -> Accounts {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in tree {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mountinfo = mountinfo.replace("ROOT", &root.path().display().to_string());
    let mut files = CgroupFiles::new(Mounts::parse(mountinfo.as_bytes(), None));
    let container = Container {
        place: Some(Place { dirs, cgroup_id: None }),
        ..Container::unknown(ID.parse().unwrap())
    };
    let first = files.read(&container, AsOf { seq: 1, cpu_ns: 1 });
    let again = files.read(&container, AsOf { seq: 2, cpu_ns: 2 });
    assert_eq!(again, first, "files that are open are read again");
    files.keep_only(|_| false);
    assert!(files.open.is_empty());
    first
}

#[test]
fn a_v2_cgroup_tells_all_of_it() {
    let dirs = ContainerDirs {
        v2: Some("docker/x".into()),
        ..ContainerDirs::default()
    };
    let told = accounts(
        "30 1 0:26 / ROOT rw - cgroup2 cgroup2 rw\n",
        dirs,
        &[
            (
                "docker/x/cpu.stat",
                "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 3\nthrottled_usec 2\n",
            ),
            ("docker/x/memory.current", "1000\n"),
            ("docker/x/memory.swap.current", "7\n"),
            (
                "docker/x/memory.stat",
                "anon 1\nfile 2\nfile_mapped 3\nactive_file 4\ninactive_file 5\npgfault 6\npgmajfault 8\n",
            ),
            ("docker/x/memory.events", "low 0\noom 5\noom_kill 9\n"),
        ],
    );
    let expected = Accounts {
        cpu_user_ns: Some(20_000),
        cpu_system_ns: Some(10_000),
        periods: Some(4),
        throttled_periods: Some(3),
        throttled_ns: Some(2_000),
        usage_bytes: Some(1000),
        anon_bytes: Some(1),
        file_bytes: Some(2),
        mapped_bytes: Some(3),
        active_file_bytes: Some(4),
        inactive_file_bytes: Some(5),
        swap_bytes: Some(7),
        faults: Some(6),
        major_faults: Some(8),
        oom_kills: Some(9),
    };
    assert_eq!(told, expected);
}

#[test]
fn on_a_hybrid_node_each_figure_comes_from_the_tree_that_has_it() {
    let dirs = ContainerDirs {
        v2: Some("docker/x".into()),
        memory_v1: Some("docker/x".into()),
        cpu_v1: Some("docker/x".into()),
        cpuacct_v1: Some("docker/x".into()),
    };
    let told = accounts(
        "30 1 0:26 / ROOT/v2 rw - cgroup2 cgroup2 rw\n31 1 0:27 / ROOT/memory rw - cgroup cgroup rw,memory\n\
         32 1 0:28 / ROOT/cpu rw - cgroup cgroup rw,cpu\n33 1 0:29 / ROOT/cpuacct rw - cgroup cgroup rw,cpuacct\n",
        dirs,
        &[
            ("v2/docker/x/cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\n"),
            (
                "cpu/docker/x/cpu.stat",
                "nr_periods 4\nnr_throttled 3\nthrottled_time 2\n",
            ),
            ("cpuacct/docker/x/cpuacct.stat", "user 100\nsystem 100\n"),
            ("memory/docker/x/memory.usage_in_bytes", "1000\n"),
            (
                "memory/docker/x/memory.stat",
                "rss 50\ntotal_rss 1\ntotal_cache 2\ntotal_swap 7\n",
            ),
            (
                "memory/docker/x/memory.oom_control",
                "oom_kill_disable 0\nunder_oom 0\noom_kill 9\n",
            ),
        ],
    );
    let expected = Accounts {
        cpu_user_ns: Some(20_000),
        cpu_system_ns: Some(10_000),
        periods: Some(4),
        throttled_periods: Some(3),
        throttled_ns: Some(2),
        usage_bytes: Some(1000),
        anon_bytes: Some(1),
        file_bytes: Some(2),
        swap_bytes: Some(7),
        oom_kills: Some(9),
        ..Accounts::default()
    };
    assert_eq!(told, expected);
}

#[test]
fn where_there_is_no_v2_tree_times_are_those_of_v1() {
    let dirs = ContainerDirs {
        cpu_v1: Some("docker/x".into()),
        cpuacct_v1: Some("docker/x".into()),
        ..ContainerDirs::default()
    };
    let told = accounts(
        "32 1 0:28 / ROOT rw - cgroup cgroup rw,cpu,cpuacct\n",
        dirs,
        &[
            ("docker/x/cpu.stat", "nr_periods 4\nnr_throttled 3\nthrottled_time 2\n"),
            ("docker/x/cpuacct.stat", "user 200\nsystem 100\n"),
        ],
    );
    let expected = Accounts {
        cpu_user_ns: Some(200 * tick_ns()),
        cpu_system_ns: Some(100 * tick_ns()),
        periods: Some(4),
        throttled_periods: Some(3),
        throttled_ns: Some(2),
        ..Accounts::default()
    };
    assert_eq!(told, expected);
}

#[test]
fn a_container_without_files_has_no_figures() {
    assert_eq!(
        accounts(
            "30 1 0:26 / ROOT rw - cgroup2 cgroup2 rw\n",
            ContainerDirs::default(),
            &[]
        ),
        Accounts::default()
    );
}

#[test]
fn files_are_read_again_when_the_container_ran_or_its_memory_moved_and_now_and_then() {
    let root = tempfile::tempdir().unwrap();
    let mountinfo = format!("30 1 0:26 / {} rw - cgroup2 cgroup2 rw\n", root.path().display());
    let write = |name: &str, text: String| fs::write(root.path().join(name), text).unwrap();
    let has = |usage: u64, faults: u64| {
        write("memory.current", format!("{usage}\n"));
        write("memory.stat", format!("pgfault {faults}\n"));
    };
    let mut files = CgroupFiles::new(Mounts::parse(mountinfo.as_bytes(), None));
    let dirs = ContainerDirs {
        v2: Some(String::new().into()),
        ..ContainerDirs::default()
    };
    let container = Container {
        place: Some(Place { dirs, cgroup_id: None }),
        ..Container::unknown(ID.parse().unwrap())
    };
    let mut told = |seq, cpu_ns| {
        let accounts = files.read(&container, AsOf { seq, cpu_ns });
        (accounts.usage_bytes.unwrap(), accounts.faults.unwrap())
    };
    has(1000, 1);
    assert_eq!(told(1, 7), (1000, 1));
    has(1000, 2);
    assert_eq!(told(2, 8), (1000, 2), "it ran");
    has(900, 3);
    assert_eq!(told(3, 8), (900, 3), "the kernel took some of its memory");
    has(900, 4);
    assert_eq!(told(12, 8), (900, 3), "nothing tells of a change");
    assert_eq!(told(13, 8), (900, 4), "it is time");
}
