//! Cgroups of containers, as the kernel itself counts them.

mod child;
mod elsewhere;
mod own;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use child::ChildCgroup;
pub use elsewhere::hierarchies_elsewhere;
pub use own::OwnCgroup;

/// Docker's own choice with the cgroupfs driver.
const PARENT: &str = "docker";

/// The processes' own CPU time by every account that the kernel keeps of this container.
#[derive(Debug)]
pub struct KernelCpu {
    /// `cpu.stat` of the v2 cgroup, in ns.
    pub cpu_stat_ns: Option<u64>,
    /// `cpuacct.usage` of the v1 cgroup, in ns.
    pub cpuacct_ns: Option<u64>,
}

impl KernelCpu {
    /// The account that is told to the ns where there is it, in ns.
    pub fn finest_ns(&self) -> u64 {
        self.cpuacct_ns.or(self.cpu_stat_ns).unwrap_or_default()
    }
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
    format!("{PARENT}/{container_id}")
}

/// Of the directories in which the harness's engine will put its containers, one in each hierarchy, those that are not
/// there.
pub(crate) fn absent_parents() -> Vec<PathBuf> {
    let mounts = Mounts::find();
    let roots = mounts.v1.into_iter().map(|(root, _)| root).chain(mounts.v2);
    roots
        .map(|root| root.join(PARENT))
        .filter(|parent| !parent.exists())
        .collect()
}

/// Where the v2 tree is mounted.
#[track_caller]
pub fn v2_root() -> PathBuf {
    Mounts::find().v2.expect("this machine has no cgroup v2 tree mounted")
}

/// Where the v1 hierarchy with this controller is mounted, if there is one.
pub fn v1_mount(controller: &str) -> Option<PathBuf> {
    Mounts::find().v1_with(controller).map(Path::to_owned)
}

/// CPU time of all tasks of the machine, in ns. Where only a v2 tree is mounted it is what ticks found.
#[track_caller]
pub fn all_tasks_ns() -> u64 {
    let mounts = Mounts::find();
    let usage = mounts.v1_with("cpuacct").map(|root| root.join("cpuacct.usage"));
    let text = usage.and_then(|file| fs::read_to_string(file).ok());
    let ns = text.and_then(|text| text.trim().parse().ok());
    let ns = ns.or_else(|| usage_ns(mounts.v2.as_deref()?));
    ns.expect("the kernel accounts for its tasks")
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
    let cpu_stat_ns = mounts.v2.as_ref().and_then(|root| usage_ns(&root.join(&dir)));
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

/// What `cpu.stat` of a v2 cgroup says.
fn usage_ns(dir: &Path) -> Option<u64> {
    let text = fs::read_to_string(dir.join("cpu.stat")).ok()?;
    let usage_us = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    usage_us.parse::<u64>().ok().map(|us| us * 1000)
}

#[track_caller]
fn move_process(pid: u32, dir: &Path) {
    let file = dir.join("cgroup.procs");
    fs::write(&file, pid.to_string())
        .unwrap_or_else(|error| panic!("cannot write {pid} to {}: {error}", file.display()));
}

/// The words that start a program in the cgroup of that directory, in front of its own; the process stays the same.
pub fn enter(dir: &Path) -> [String; 4] {
    let join = format!("echo $$ > '{}/cgroup.procs' && exec \"$@\"", dir.display());
    ["sh", "-c", &join, "sh"].map(str::to_owned)
}

/// Removes a cgroup and those below it; processes in them go to `refuge`.
fn remove_tree(dir: &Path, refuge: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path(), refuge)?;
        }
    }
    for pid in crate::process::in_cgroup(dir) {
        // one that has just ended needs no move
        let _ = fs::write(refuge.join("cgroup.procs"), pid.to_string());
    }
    fs::remove_dir(dir)
}

/// This process itself, in another cgroup until dropped.
#[derive(Debug)]
pub struct Inside {
    from: PathBuf,
}

impl Inside {
    /// Moves it, with all its threads.
    #[track_caller]
    pub fn enter(dir: &Path) -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").expect("/proc is mounted");
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let from = v2_root().join(own.expect("each process is in the v2 tree"));
        move_process(std::process::id(), dir);
        Self { from }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let file = self.from.join("cgroup.procs");
        if let Err(error) = fs::write(&file, "0") {
            eprintln!("cannot go back to {}: {error}", file.display());
        }
    }
}
