//! Whether the agent itself runs in a container, and in which: that one it never deletes.

use std::{
    fs, iter,
    path::{Path, PathBuf},
};

use super::{Container, ContainerId};

/// Files of its own that Docker mounts into each container.
const MOUNTED_BY_DOCKER: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];
/// More processes than there are between the first of a container and the agent.
const MOST_PARENTS: usize = 16;

/// What the agent knows of its own place.
#[derive(Debug)]
pub struct Own {
    /// By what the agent sees of itself. In a pod, and wherever a container has the network of another, that is the other.
    container: Option<ContainerId>,
    proc_root: PathBuf,
}

impl Own {
    /// Of this process; `proc_root` is where the node's processes are seen.
    pub fn look(proc_root: &Path) -> Self {
        Self {
            container: own_container(),
            proc_root: proc_root.to_owned(),
        }
    }

    /// Whether the agent runs in this container, or in its network by its leave.
    pub fn is(&self, container: &Container) -> bool {
        self.container == Some(container.id)
            || container
                .pid
                .is_some_and(|first| processes(&self.proc_root).any(|pid| pid == first))
    }
}

/// This process and those that it comes from, as the node numbers them; none where the node's are not seen. Looked at when it is
/// asked, for a parent may have ended.
fn processes(proc_root: &Path) -> impl Iterator<Item = u32> {
    // what the link says depends on whose processes are seen there
    let own = fs::read_link(proc_root.join("self")).ok();
    let own = own.and_then(|own| own.to_str()?.parse().ok());
    let parent = move |pid: &u32| parent_of(&fs::read_to_string(proc_root.join(format!("{pid}/stat"))).ok()?);
    // 1 is the node's own first process, or all that there is to be seen
    iter::successors(own, parent)
        .take(MOST_PARENTS)
        .take_while(|pid| *pid > 1)
}

/// The fourth field; the second is a name in parentheses, which may have any in it.
fn parent_of(stat: &str) -> Option<u32> {
    let (_, behind) = stat.rsplit_once(") ")?;
    behind.split(' ').nth(1)?.parse().ok()
}

/// The container that this process runs in, as far as its own `/proc` tells.
///
/// The cgroup path tells it where the process is in the host's cgroup namespace. Where it is in one of its own, the
/// files that Docker mounts over `/etc/hostname` and others still come from a directory named by the id.
fn own_container() -> Option<ContainerId> {
    let read = |file: &str| fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    from_cgroup(&read("cgroup")).or_else(|| from_mounts(&read("mountinfo")))
}

fn from_cgroup(text: &str) -> Option<ContainerId> {
    text.split(['/', '\n', '-', '.', ':'])
        .find_map(|part| part.parse().ok())
}

/// Other mounts below a directory of containers are those of other containers: on a host, their shared memory.
fn from_mounts(text: &str) -> Option<ContainerId> {
    text.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        if !MOUNTED_BY_DOCKER.contains(&place) {
            return None;
        }
        // Docker's own directory may be below one of that name
        root.rsplit_once("/containers/")?.1.split('/').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_in_cgroup_paths_and_in_mounts() {
        let id = "3e".repeat(32);
        let expected = id.parse().ok();
        for text in [
            format!("0::/docker/{id}\n"),
            format!("12:memory:/system.slice/docker-{id}.scope\n0::/\n"),
            format!("0::/docker/{id}/init.scope"),
        ] {
            assert_eq!(from_cgroup(&text), expected, "{text}");
        }
        for root in ["/var/lib/docker", "/mnt/containers/docker"] {
            let mounts = format!("1 2 8:1 {root}/containers/{id}/hostname /etc/hostname rw - ext4 /dev/sda rw");
            assert_eq!(from_mounts(&mounts), expected, "{root}");
        }
        assert_eq!(from_cgroup("0::/user.slice/session-1.scope"), None);
        assert_eq!(from_mounts("1 2 8:1 / / rw - ext4 /dev/sda rw"), None);
        let foreign = format!(
            "26 1 0:25 / /var/lib/docker/containers/{id}/mounts/shm rw shared:9 - tmpfs shm rw\n\
             27 1 8:1 /var/lib/docker/containers/{id}/hosts /host/hosts rw - ext4 /dev/sda rw"
        );
        assert_eq!(
            from_mounts(&foreign),
            None,
            "what another container mounts is not the agent's"
        );
    }

    #[test]
    fn the_container_of_a_process_that_the_agent_comes_from_is_its_own() {
        let proc = tempfile::tempdir().unwrap();
        let process = |pid: u32, parent: u32| {
            let dir = proc.path().join(pid.to_string());
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join("stat"), format!("{pid} (tini) x) S {parent} 1 1 0 -1 0")).unwrap();
        };
        process(700, 600);
        process(600, 500);
        process(500, 1);
        std::os::unix::fs::symlink("700", proc.path().join("self")).unwrap();
        let own = Own {
            container: None,
            proc_root: proc.path().to_owned(),
        };
        for (pid, expected) in [(700, true), (600, true), (500, true), (1, false), (800, false)] {
            let container = Container {
                pid: Some(pid),
                ..Container::unknown("1f".repeat(32).parse().unwrap())
            };
            assert_eq!(own.is(&container), expected, "{pid}");
        }
        assert!(
            !own.is(&Container::unknown("1f".repeat(32).parse().unwrap())),
            "it does not run"
        );
    }

    #[test]
    fn where_the_nodes_processes_are_not_seen_nothing_is_taken_for_the_agents() {
        let proc = tempfile::tempdir().unwrap();
        assert_eq!(processes(proc.path()).count(), 0);
        assert!(processes("/proc".as_ref()).any(|pid| pid == std::process::id()));
    }
}
