//! Ending a private engine in whatever state a test left it: up, frozen, killed, or half-way through either.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::cgroup::{self, Mounts};
use crate::command;
use crate::network_namespace::NetworkNamespace;
use crate::process::{self, Signal};

const DEADLINE: Duration = Duration::from_secs(20);

/// Ends every process that the engine started, and removes its mounts and cgroups. Says on standard error what
/// it could not do.
///
/// The engine's processes are told by where they live, not by name: the engine, its containerd, shims,
/// proxies and host-network containers in the network namespace that was made for them, the other containers
/// in the cgroups that carry their ids.
pub(crate) fn end_engine(netns: &NetworkNamespace, dir: &Path) {
    let ids = container_ids(dir);
    let cgroups = cgroups_of(&ids);
    let end = Instant::now() + DEADLINE;
    loop {
        let mut pids: BTreeSet<u32> = cgroups.iter().flat_map(|dir| process::in_cgroup(dir)).collect();
        if let Some(inode) = netns.inode() {
            pids.extend(process::in_network_namespace(inode));
        }
        if pids.is_empty() {
            break;
        }
        if Instant::now() > end {
            eprintln!("processes of the private engine do not end: {pids:?}");
            break;
        }
        for pid in pids {
            // it may have ended since it was listed
            let _ = process::try_signal(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(20));
    }
    unmount_below(dir);
    for dir in cgroups {
        remove_cgroup(&dir);
    }
}

/// Runs a command whose failure is only worth a line, as in a guard.
pub(crate) fn quietly(words: &[&str]) {
    let done = command::attempt(words);
    if !done.success {
        eprintln!("{}: {}", words.join(" "), done.stderr);
    }
}

/// Ids of all containers that the engine keeps, running or not.
fn container_ids(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("data/containers"))
        .into_iter()
        .flatten()
        .flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// Those directories that exist, in every hierarchy.
fn cgroups_of(ids: &[String]) -> Vec<PathBuf> {
    let mounts = Mounts::find();
    let roots: Vec<_> = mounts.v1.into_iter().map(|(path, _)| path).chain(mounts.v2).collect();
    let all = ids
        .iter()
        .flat_map(|id| roots.iter().map(|root| root.join(cgroup::relative_dir(id))));
    all.filter(|dir| dir.is_dir()).collect()
}

/// Removes a cgroup and those below it.
fn remove_cgroup(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_cgroup(&entry.path());
        }
    }
    if let Err(error) = fs::remove_dir(dir)
        && dir.exists()
    {
        eprintln!("cannot remove {}: {error}", dir.display());
    }
}

/// Deepest first; one that is busy is detached, and goes when its last user has.
fn unmount_below(dir: &Path) {
    let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mut below: Vec<_> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|target| Path::new(target).starts_with(dir))
        .collect();
    below.sort_unstable_by_key(|target| std::cmp::Reverse(target.len()));
    for target in below {
        quietly(&["umount", "--lazy", target]);
    }
}
