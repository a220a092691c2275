use std::{fs, path::Path};

use super::*;
use crate::{
    cgroup::ContainerDirs,
    containers::{Limits, RunState, container::Place},
};

#[test]
fn memory_is_read_each_tick_while_somebody_asks_and_now_and_then_else() {
    for (tick, read_at, wanted_at, expected) in [
        (5, 4, 5, Look::All),
        (64, 63, 4, Look::All),
        (65, 64, 4, Look::Nothing),
        (73, 64, 4, Look::Nothing),
        (74, 64, 4, Look::All),
    ] {
        assert_eq!(
            look(tick, read_at, wanted_at, true),
            expected,
            "{tick} {read_at} {wanted_at}"
        );
    }
}

#[test]
fn of_a_container_in_which_nothing_ran_the_usage_is_read_and_all_now_and_then() {
    for (tick, read_at, expected) in [(5, 4, Look::Usage), (13, 4, Look::Usage), (14, 4, Look::All)] {
        assert_eq!(look(tick, read_at, 4, false), expected, "{tick} {read_at}");
    }
}

/// A container's files, which this changes as the kernel would.
struct Node {
    root: tempfile::TempDir,
    container: Container,
    table: ContainerTable,
    sampler: MemorySampler,
}

impl Node {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mountinfo = format!("1 1 0:1 / {} rw - cgroup2 cgroup2 rw\n", root.path().display());
        let dirs = ContainerDirs {
            v2: Some("docker/x".into()),
            ..ContainerDirs::default()
        };
        fs::create_dir_all(root.path().join("docker/x")).unwrap();
        let container = Container {
            state: RunState::Running,
            place: Some(Place { dirs, cgroup_id: None }),
            ..Container::unknown("1f".repeat(32).parse().unwrap())
        };
        let table = ContainerTable {
            by_id: [(container.id, container.clone().into())].into_iter().collect(),
            ..ContainerTable::default()
        };
        let sampler = MemorySampler::new(Mounts::parse(mountinfo.as_bytes(), None));
        let node = Self {
            root,
            container,
            table,
            sampler,
        };
        node.write("memory.max", "max");
        node.has(1000, 0);
        node
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(Path::new(self.root.path()).join("docker/x").join(name), text).unwrap();
    }

    fn has(&self, usage_bytes: u64, inactive_bytes: u64) {
        self.write("memory.current", &usage_bytes.to_string());
        self.write("memory.stat", &format!("inactive_file {inactive_bytes}\n"));
    }

    /// What the next tick tells: in use, and the limit.
    fn tick(&mut self, cpu_ns: u64) -> (u64, Option<u64>) {
        self.sampler.start_tick(&self.table);
        let memory = self.sampler.reading(&self.container, cpu_ns).unwrap().unwrap();
        (memory.used_bytes, memory.limit_bytes)
    }
}

#[test]
fn whatever_moves_memory_is_in_the_figures_of_the_next_tick() {
    let mut node = Node::new();
    assert_eq!(node.tick(5), (1000, None));
    // reclaimed while it slept
    node.has(900, 100);
    assert_eq!(node.tick(5), (800, None));
    // read again what was in the cache: no byte more is charged
    node.has(900, 300);
    assert_eq!(node.tick(6), (600, None));
    node.write("memory.max", "5000");
    node.container.limits = Some(Limits {
        memory_bytes: Some(5000),
        ..Limits::default()
    });
    assert_eq!(node.tick(6), (600, Some(5000)));
}

#[test]
fn what_nothing_tells_of_is_seen_within_ten_ticks() {
    let mut node = Node::new();
    assert_eq!(node.tick(5), (1000, None));
    node.has(1000, 400);
    for tick in 2..=READ_EVERY_TICKS {
        assert_eq!(node.tick(5), (1000, None), "tick {tick}");
    }
    assert_eq!(node.tick(5), (600, None));
}
