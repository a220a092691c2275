//! The cgroup hierarchies of the guest, mounted as the row asks.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount};

use crate::row::Layout;

const ROOT: &str = "/sys/fs/cgroup";
/// Hierarchies as systemd mounts them; a kernel that lacks a controller has the hierarchy without it.
const V1: [(&str, &[&str]); 9] = [
    ("cpuset", &["cpuset"]),
    ("cpu,cpuacct", &["cpu", "cpuacct"]),
    ("blkio", &["blkio"]),
    ("memory", &["memory"]),
    ("devices", &["devices"]),
    ("freezer", &["freezer"]),
    ("net_cls,net_prio", &["net_cls", "net_prio"]),
    ("perf_event", &["perf_event"]),
    ("pids", &["pids"]),
];

/// Mounts them.
pub(crate) fn mount_all(layout: Layout) -> io::Result<()> {
    let root = Path::new(ROOT);
    if layout == Layout::V2 {
        mount_one(root, "cgroup2", "")?;
        return fs::write(root.join("cgroup.subtree_control"), "+cpu +memory +pids");
    }
    mount_one(root, "tmpfs", "mode=755")?;
    let known = fs::read_to_string("/proc/cgroups")?;
    let has = |controller: &str| known.lines().any(|line| line.split('\t').next() == Some(controller));
    for (name, controllers) in V1 {
        let options: Vec<_> = controllers.iter().copied().filter(|one| has(one)).collect();
        if !options.is_empty() {
            mount_one(&root.join(name), "cgroup", &options.join(","))?;
            // Docker looks for each controller by its own name
            for controller in options.iter().filter(|controller| **controller != name) {
                symlink(name, root.join(controller))?;
            }
        }
    }
    mount_one(&root.join("systemd"), "cgroup", "none,name=systemd")?;
    if layout == Layout::Hybrid {
        mount_one(&root.join("unified"), "cgroup2", "")?;
    }
    Ok(())
}

/// Sets a class id, which on kernels before 5.15 takes the v2 cgroup away from every socket made from then on.
pub(crate) fn set_classid() -> io::Result<()> {
    let dir = Path::new(ROOT).join("net_cls,net_prio/classified");
    fs::create_dir(&dir)?;
    fs::write(dir.join("net_cls.classid"), "1048577")?;
    // takes effect when a process with sockets is in it
    let own = dir.join("cgroup.procs");
    fs::write(&own, "0")
}

/// The directories that make up a container of that id, one a hierarchy, made if they are not there.
pub(crate) fn container_dirs(id: &str) -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    let hierarchies = if root.join("cgroup.procs").exists() {
        vec![root.to_owned()]
    } else {
        ["unified", "memory", "cpu,cpuacct", "pids"]
            .map(|name| root.join(name))
            .to_vec()
    };
    let there = hierarchies.into_iter().filter(|dir| dir.join("cgroup.procs").exists());
    there
        .map(|hierarchy| {
            let parent = hierarchy.join("docker");
            let dir = parent.join(id);
            fs::create_dir_all(&dir).expect("cgroups can be made");
            dir
        })
        .collect()
}

/// Gives the children of `/docker` a memory account of their own in the v2 tree.
pub(crate) fn delegate_memory() -> io::Result<()> {
    let docker = Path::new(ROOT).join("docker");
    fs::create_dir_all(&docker)?;
    fs::write(docker.join("cgroup.subtree_control"), "+cpu +memory +pids")
}

fn mount_one(at: &Path, fs_type: &str, options: &str) -> io::Result<()> {
    fs::create_dir_all(at)?;
    let options = std::ffi::CString::new(options).map_err(io::Error::other)?;
    mount("cgroup", at, fs_type, MountFlags::empty(), Some(options.as_c_str()))
        .map_err(|error| io::Error::other(format!("mounting {fs_type} at {}: {error}", at.display())))
}
