//! Cgroups of containers, as the kernel itself counts them.

mod own;

use std::fs;
use std::path::{Path, PathBuf};

pub use own::OwnCgroup;

/// The processes' own CPU time by every account that the kernel keeps of this container.
#[derive(Debug)]
pub struct KernelCpu {
    /// `cpu.stat` of the v2 cgroup, in ns.
    pub cpu_stat_ns: Option<u64>,
    /// `cpuacct.usage` of the v1 cgroup, in ns.
    pub cpuacct_ns: Option<u64>,
}

/// Mount points of cgroup hierarchies.
#[derive(Debug)]
struct Mounts {
    /// The v2 tree: at /sys/fs/cgroup, or beside v1 hierarchies.
    v2: Option<PathBuf>,
    /// v1 hierarchies, each with its options (`rw,cpuacct`).
    v1: Vec<(PathBuf, String)>,
}

impl Mounts {
    fn find() -> Self {
        let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let mut mounts = Self {
            v2: None,
            v1: Vec::new(),
        };
        for line in table.lines() {
            let mut words = line.split(' ').skip(1);
            match (words.next(), words.next(), words.next()) {
                (Some(path), Some("cgroup2"), _) => mounts.v2 = Some(path.into()),
                (Some(path), Some("cgroup"), Some(options)) => {
                    mounts.v1.push((path.into(), options.to_owned()));
                }
                _ => {}
            }
        }
        mounts
    }

    fn v1_with(&self, controller: &str) -> Option<&Path> {
        let has = |options: &str| options.split(',').any(|option| option == controller);
        self.v1
            .iter()
            .find(|(_, options)| has(options))
            .map(|(path, _)| path.as_path())
    }
}

/// Where the harness's engine (cgroupfs driver) puts a container, below each hierarchy's root.
fn relative_dir(container_id: &str) -> String {
    format!("docker/{container_id}")
}

/// Where the v2 tree is mounted.
#[track_caller]
pub fn v2_root() -> PathBuf {
    Mounts::find().v2.expect("this machine has no cgroup v2 tree mounted")
}

/// A container's directory in the v2 tree.
#[track_caller]
pub fn v2_dir(container_id: &str) -> PathBuf {
    let dir = v2_root().join(relative_dir(container_id));
    assert!(
        dir.is_dir(),
        "{} is no directory: does runc join the v2 tree?",
        dir.display()
    );
    dir
}

/// Processes in a container's v2 cgroup.
#[track_caller]
pub fn processes(container_id: &str) -> Vec<u32> {
    crate::process::in_cgroup(&v2_dir(container_id))
}

/// Moves a process into a container's v2 cgroup, and into nothing else of it.
#[track_caller]
pub fn move_into(container_id: &str, pid: u32) {
    move_process(pid, &v2_dir(container_id));
}

/// Reads what the kernel has charged to a running container.
#[track_caller]
pub fn kernel_cpu(container_id: &str) -> KernelCpu {
    let mounts = Mounts::find();
    let dir = relative_dir(container_id);
    let cpu_stat_ns = mounts.v2.as_ref().and_then(|root| {
        let text = fs::read_to_string(root.join(&dir).join("cpu.stat")).ok()?;
        let usage_us = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
        usage_us.parse::<u64>().ok().map(|us| us * 1000)
    });
    let cpuacct_ns = mounts.v1_with("cpuacct").and_then(|root| {
        let text = fs::read_to_string(root.join(&dir).join("cpuacct.usage")).ok()?;
        text.trim().parse().ok()
    });
    let cpu = KernelCpu {
        cpu_stat_ns,
        cpuacct_ns,
    };
    assert!(
        cpu.cpu_stat_ns.is_some() || cpu.cpuacct_ns.is_some(),
        "the kernel keeps no account of container {container_id}"
    );
    cpu
}

/// A cgroup below a container's, made by the test; removed on drop.
#[derive(Debug)]
pub struct ChildCgroup {
    dir: PathBuf,
    parent: PathBuf,
}

impl ChildCgroup {
    /// Makes `name` below the container's v2 cgroup.
    #[track_caller]
    pub fn create(container_id: &str, name: &str) -> Self {
        let parent = v2_dir(container_id);
        let dir = parent.join(name);
        fs::create_dir(&dir).unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
        Self { dir, parent }
    }

    /// Moves a process in.
    #[track_caller]
    pub fn enter(&self, pid: u32) {
        move_process(pid, &self.dir);
    }

    /// Moves a process back to the container's own cgroup.
    #[track_caller]
    pub fn leave(&self, pid: u32) {
        move_process(pid, &self.parent);
    }
}

impl Drop for ChildCgroup {
    fn drop(&mut self) {
        for pid in crate::process::in_cgroup(&self.dir) {
            // a process that has just ended needs no move
            let _ = fs::write(self.parent.join("cgroup.procs"), pid.to_string());
        }
        if let Err(error) = fs::remove_dir(&self.dir) {
            eprintln!("cannot remove {}: {error}", self.dir.display());
        }
    }
}

#[track_caller]
fn move_process(pid: u32, dir: &Path) {
    let file = dir.join("cgroup.procs");
    fs::write(&file, pid.to_string())
        .unwrap_or_else(|error| panic!("cannot write {pid} to {}: {error}", file.display()));
}
