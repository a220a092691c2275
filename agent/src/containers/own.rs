//! Whether the agent itself runs in a container, and in which: that one it never deletes.

use std::fs;

use super::id::ContainerId;

/// Files of its own that Docker mounts into each container.
const MOUNTED_BY_DOCKER: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/// The container that this process runs in, as far as its own `/proc` tells.
///
/// The cgroup path tells it where the process is in the host's cgroup namespace. Where it is in one of its own, the
/// files that Docker mounts over `/etc/hostname` and others still come from a directory named by the id.
pub fn own_container() -> Option<ContainerId> {
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
        root.split_once("/containers/")?.1.split('/').next()?.parse().ok()
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
        let mounts = format!("1 2 8:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/sda rw");
        assert_eq!(from_mounts(&mounts), expected);
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
}
