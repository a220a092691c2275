//! What an engine may leave where it did not end in order: processes and cgroups.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{interrupt::ends_within, say};

const PATIENCE: Duration = Duration::from_secs(10);

/// Looks before the engine starts and cleans up after it has ended.
pub(super) struct Leftovers {
    /// The network namespace that was made for the engine, by inode, once it is known.
    pub(super) namespace: Option<u64>,
    /// Directories in which the engine will put its containers' cgroups, one in each hierarchy.
    parents: Vec<PathBuf>,
    /// Those of them that were not there before.
    new_parents: Vec<PathBuf>,
}

impl Leftovers {
    pub(super) fn before() -> Self {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let parents: Vec<_> = cgroup_mounts(&mounts)
            .map(|mount| Path::new(mount).join("docker"))
            .collect();
        let new_parents = parents.iter().filter(|dir| !dir.exists()).cloned().collect();
        Self {
            namespace: None,
            parents,
            new_parents,
        }
    }

    /// Ends what is left of the containers that the engine kept in `containers`, and of its helpers.
    pub(super) fn remove(&self, containers: &Path) {
        let ids: Vec<_> = fs::read_dir(containers)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        let ended = ends_within(PATIENCE, || {
            let left = self.processes(&ids);
            for pid in &left {
                // It may have ended since it was listed.
                let _ = kill_process(*pid, Signal::KILL);
            }
            left.is_empty()
        });
        if !ended {
            say::problem(&format!(
                "these processes of the private Docker engine do not end: {:?}",
                self.processes(&ids)
            ));
        }
        let of_containers = self
            .parents
            .iter()
            .flat_map(|parent| ids.iter().map(|id| parent.join(id)));
        for dir in of_containers.chain(self.new_parents.iter().cloned()) {
            if dir.exists()
                && let Err(error) = fs::remove_dir(&dir)
            {
                say::problem(&format!("could not remove the cgroup {}: {error}", dir.display()));
            }
        }
    }

    /// Its helpers and its host-network containers are told by their network namespace, the other containers by the
    /// cgroups that carry their ids.
    fn processes(&self, ids: &[String]) -> Vec<Pid> {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw));
        pids.filter(|pid| self.is_of_engine(*pid, ids)).collect()
    }

    fn is_of_engine(&self, pid: Pid, ids: &[String]) -> bool {
        let dir = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
        let namespace = fs::metadata(dir.join("ns/net")).ok().map(|namespace| namespace.ino());
        let cgroups = fs::read_to_string(dir.join("cgroup")).unwrap_or_default();
        (self.namespace.is_some() && namespace == self.namespace) || ids.iter().any(|id| cgroups.contains(id))
    }
}

/// Mount points of cgroup hierarchies in a mount table.
fn cgroup_mounts(mounts: &str) -> impl Iterator<Item = &str> {
    mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind) = (fields.next()?, fields.next()?);
        ["cgroup", "cgroup2"].contains(&kind).then_some(point)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_both_versions_are_found() {
        let mounts = "proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\ntmpfs /sys/fs/cgroup tmpfs rw 0 0\n";
        let found: Vec<_> = cgroup_mounts(mounts).collect();
        assert_eq!(found, ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"]);
        assert_eq!(cgroup_mounts("").count(), 0);
    }
}
