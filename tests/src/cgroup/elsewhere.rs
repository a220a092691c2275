//! Hierarchies that something mounted where this process does not see it.

use std::fs;

use super::Mounts;

/// Controllers of v1 hierarchies in which all processes are and that are mounted nowhere here, as
/// `/proc/self/cgroup` names them. Of a container that starts while there is one, Docker's own stats are empty.
pub fn hierarchies_elsewhere() -> Vec<String> {
    let table = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    not_mounted(&table, &Mounts::find())
}

fn not_mounted(table: &str, mounts: &Mounts) -> Vec<String> {
    let lines = table.lines().filter_map(|line| line.split(':').nth(1));
    // v2 has no controllers here; a hierarchy with a name and none is nothing to Docker
    let with_controllers = lines.filter(|controllers| !controllers.is_empty() && !controllers.starts_with("name="));
    let is_mounted = |controllers: &str| {
        let mut names = controllers.split(',');
        names.any(|name| mounts.v1_with(name).is_some())
    };
    with_controllers
        .filter(|controllers| !is_mounted(controllers))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hierarchy_with_controllers_that_no_mount_shows_is_told() {
        let mounts = Mounts {
            v2: None,
            v1: vec![
                ("/sys/fs/cgroup/cpu,cpuacct".into(), "rw,cpu,cpuacct".to_owned()),
                ("/sys/fs/cgroup/memory".into(), "rw,memory".to_owned()),
            ],
        };
        let usual = "3:cpu,cpuacct:/\n2:memory:/docker\n1:name=systemd:/\n0::/\n";
        assert_eq!(not_mounted(usual, &mounts), [""; 0]);
        let more = format!("4:net_cls,net_prio:/\n{usual}");
        assert_eq!(not_mounted(&more, &mounts), ["net_cls,net_prio"]);
    }
}
