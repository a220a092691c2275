//! `/proc/PID/cgroup`: a directory that is found is the container's, and lies inside the tree.

#![no_main]

use std::path::{Component, Path};

use balancer_agent::cgroup::ContainerDirs;
use libfuzzer_sys::fuzz_target;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fuzz_target!(|text: &str| {
    // the id is too long to be hit upon
    let text = text.replace('@', ID);
    let dirs = ContainerDirs::parse(&text, ID);
    for dir in [dirs.v2, dirs.memory_v1, dirs.cpu_v1, dirs.cpuacct_v1]
        .into_iter()
        .flatten()
    {
        let last = dir.file_name().expect("it names a directory").to_string_lossy();
        assert!(last.contains(ID), "{}", dir.display());
        let is_inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        assert!(is_inside(&dir), "{}", dir.display());
    }
});
