//! Which directories are a container's, from `/proc/PID/cgroup` of one of its processes (cgroups(7)).

use std::path::{Component, Path, PathBuf};

use procfs::{FromRead as _, ProcessCGroups};

/// Digits of a full container id.
const ID_DIGITS: usize = 64;

/// Directories of one container, each relative to the root of its tree: join it to the mount point
/// ([`super::Mounts::v2_dir`] and its like do).
///
/// Every path ends in the component that holds the container's id. `None`: the process is not in a cgroup of
/// that container there, because the tree is not used, because the pid belongs to another process by now, or
/// because the runtime made no v2 cgroup, so that the container cannot be told from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerDirs {
    /// In the v2 tree.
    pub v2: Option<PathBuf>,
    /// In the v1 hierarchy of the memory controller.
    pub memory_v1: Option<PathBuf>,
    /// In the v1 hierarchy of the cpu controller.
    pub cpu_v1: Option<PathBuf>,
    /// In the v1 hierarchy of the cpuacct controller.
    pub cpuacct_v1: Option<PathBuf>,
}

impl ContainerDirs {
    /// Finds the directories of the container with this id (64 lower-case hex digits) in the text of a
    /// `/proc/PID/cgroup`. Text or an id that is not what it should be gives no directories.
    ///
    /// Each path is cut at the first component that holds the id, which is right for both cgroup drivers
    /// (`/docker/ID`, `/system.slice/docker-ID.scope`), for custom parents and for what a container nests below
    /// (`/docker/ID/init.scope`). Steps upwards, with which a path starts for a reader in a cgroup namespace of
    /// its own (`/../ID`), are left out; such a path may lack components above.
    pub fn parse(proc_cgroup: &str, id_hex: &str) -> Self {
        let is_full_id = id_hex.len() == ID_DIGITS && id_hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Ok(cgroups) = ProcessCGroups::from_read(proc_cgroup.as_bytes()) else {
            return Self::default();
        };
        let mut dirs = Self::default();
        if !is_full_id {
            return dirs;
        }
        for cgroup in cgroups {
            let is_v2 = cgroup.hierarchy == 0 && cgroup.controllers.is_empty();
            let has = |name: &str| cgroup.controllers.iter().any(|controller| controller == name);
            let Some(dir) = cut_at_id(&cgroup.pathname, id_hex) else {
                continue;
            };
            if is_v2 {
                dirs.v2 = Some(dir.clone());
            }
            if has("memory") {
                dirs.memory_v1 = Some(dir.clone());
            }
            if has("cpu") {
                dirs.cpu_v1 = Some(dir.clone());
            }
            if has("cpuacct") {
                dirs.cpuacct_v1 = Some(dir);
            }
        }
        dirs
    }
}

/// The path up to the outermost component that holds the id, without the leading `/` and steps upwards.
fn cut_at_id(path: &str, id_hex: &str) -> Option<PathBuf> {
    // The kernel appends this to the path of a cgroup that is removed while a dead process still names it.
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    let mut dir = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => {
                dir.push(name);
                if name.to_str().is_some_and(|name| name.contains(id_hex)) {
                    return Some(dir);
                }
            }
            Component::ParentDir if !dir.as_os_str().is_empty() => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const INNER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

    #[test]
    fn a_path_is_cut_at_the_outermost_component_with_the_id() {
        for (path, expected) in [
            (format!("/docker/{ID}"), Some(format!("docker/{ID}"))),
            (
                format!("/system.slice/docker-{ID}.scope"),
                Some(format!("system.slice/docker-{ID}.scope")),
            ),
            (
                format!("/kubepods.slice/kubepods-burstable.slice/pod1/cri-containerd-{ID}.scope/x"),
                Some(format!(
                    "kubepods.slice/kubepods-burstable.slice/pod1/cri-containerd-{ID}.scope"
                )),
            ),
            (format!("/my/own:parent/{ID}"), Some(format!("my/own:parent/{ID}"))),
            (format!("/docker/{ID}/init.scope"), Some(format!("docker/{ID}"))),
            (format!("/docker/{ID}/docker/{INNER}"), Some(format!("docker/{ID}"))),
            (
                format!("/docker/{INNER}/docker/{ID}"),
                Some(format!("docker/{INNER}/docker/{ID}")),
            ),
            (format!("/../../docker/{ID}"), Some(format!("docker/{ID}"))),
            (format!("/../{ID}/sub"), Some(ID.to_owned())),
            (format!("/docker/{ID} (deleted)"), Some(format!("docker/{ID}"))),
            (format!("/a/../docker/{ID}"), None),
            (format!("/docker/{INNER}"), None),
            (format!("/docker/{}", &ID[..63]), None),
            ("/".to_owned(), None),
            (String::new(), None),
        ] {
            let dirs = ContainerDirs::parse(&format!("0::{path}\n"), ID);
            assert_eq!(dirs.v2, expected.map(PathBuf::from), "{path}");
            assert_eq!(
                (dirs.memory_v1, dirs.cpu_v1, dirs.cpuacct_v1),
                (None, None, None),
                "{path}"
            );
        }
    }

    #[test]
    fn each_hierarchy_gives_its_own_directory() {
        let text = format!(
            "9:name=systemd:/docker/{ID}\n4:memory:/m/{ID}\n2:cpu,cpuacct:/c/{ID}\n0::/system.slice/docker.service\n"
        );
        assert_eq!(
            ContainerDirs::parse(&text, ID),
            ContainerDirs {
                v2: None,
                memory_v1: Some(PathBuf::from(format!("m/{ID}"))),
                cpu_v1: Some(PathBuf::from(format!("c/{ID}"))),
                cpuacct_v1: Some(PathBuf::from(format!("c/{ID}"))),
            }
        );
    }

    #[test]
    fn what_is_not_a_full_id_finds_nothing() {
        let text = format!("0::/docker/{ID}\n");
        for id in ["", "0", "docker", &ID[..12], "/", ".."] {
            assert_eq!(ContainerDirs::parse(&text, id), ContainerDirs::default(), "{id}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_id_makes_it_panic(text: String, id: String) {
            let _ = ContainerDirs::parse(&text, &id);
        }

        #[test]
        fn a_result_stays_below_the_root_and_ends_in_the_id(
            before in "(/[a-z.:-]{0,4}){0,4}",
            name in "[a-z-]{0,8}",
            after in "(/[a-z.]{0,4}){0,4}",
        ) {
            let dirs = ContainerDirs::parse(&format!("0::{before}/{name}{ID}.scope{after}\n"), ID);
            if let Some(dir) = dirs.v2 {
                prop_assert!(dir.is_relative());
                prop_assert!(dir.components().all(|part| matches!(part, Component::Normal(_))));
                prop_assert!(dir.file_name().unwrap().to_str().unwrap().contains(ID));
            } else {
                prop_assert!(before.split('/').any(|part| part == ".."));
            }
        }
    }
}
