//! One container, as Docker describes it.

use std::collections::BTreeMap;

use super::{id::ContainerId, naming};
use crate::{
    cgroup::ContainerDirs,
    docker::{
        inspect::{InspectFacts, InspectHostConfig},
        list::ListFacts,
    },
};

/// Label that names the service of a container.
pub const SERVICE_LABEL: &str = "balancer.service";
/// Label that marks what this agent made.
pub const MANAGED_LABEL: &str = "balancer.managed";

/// Whether a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Its processes exist; paused ones are among these.
    Running,
    /// They do not.
    NotRunning,
}

/// Whose network a container uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkMode {
    /// A namespace of its own.
    Own,
    /// The host's.
    Host,
    /// That of another container, named by id or name.
    Shared(Box<str>),
}

impl NetworkMode {
    fn parse(mode: &str) -> Self {
        match mode.split_once(':') {
            Some(("container", other)) => Self::Shared(other.into()),
            _ if mode == "host" => Self::Host,
            _ => Self::Own,
        }
    }
}

/// One container, as Docker last described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Full id.
    pub id: ContainerId,
    /// Name, without Docker's slash.
    pub name: Box<str>,
    /// Image as it was asked for.
    pub image: Box<str>,
    /// The service it belongs to: its label, else what its name says.
    pub service: Box<str>,
    /// Whether it carries the label of what this agent made.
    pub is_managed: bool,
    /// Its labels that are to be shown.
    pub labels: BTreeMap<String, String>,
    /// What limits it; `None` before it was inspected.
    pub limits: Option<Limits>,
    /// Whether it runs.
    pub state: RunState,
    /// When it was created, in ns since 1970; `None` before it was inspected.
    pub created_ns: Option<u64>,
    /// When it started, in ns since 1970; `None` if it never did, or before it was inspected.
    pub started_ns: Option<u64>,
    /// Its first process, while that is known.
    pub pid: Option<u32>,
    /// Whose network it uses.
    pub network: NetworkMode,
    /// Where its cgroup is; `None` until that is found.
    pub place: Option<Place>,
}

/// Where a running container is in the cgroup trees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its directories.
    pub dirs: ContainerDirs,
    /// Id of its cgroup in the v2 tree; `None` where it has none of its own, so that it cannot be told from others.
    pub cgroup_id: Option<u64>,
}

impl Container {
    /// What a list tells. A container that runs still has to be inspected.
    pub fn from_list(facts: &ListFacts) -> Self {
        let name = own_name(&facts.names);
        Self {
            id: facts.id,
            service: naming::service_of(facts.labels.get(SERVICE_LABEL).map(String::as_str), name).into(),
            name: name.into(),
            image: facts.image.as_str().into(),
            is_managed: is_managed(facts.labels.get(MANAGED_LABEL)),
            labels: facts.labels.clone().into_iter().collect(),
            limits: None,
            created_ns: None,
            state: if matches!(facts.state.as_str(), "running" | "paused") {
                RunState::Running
            } else {
                RunState::NotRunning
            },
            started_ns: None,
            pid: None,
            network: NetworkMode::Own,
            place: None,
        }
    }

    /// What an inspection tells.
    pub fn from_inspection(facts: &InspectFacts) -> Self {
        let name = facts.name.strip_prefix('/').unwrap_or(&facts.name);
        let label = |name| facts.config.labels.as_ref().and_then(|labels| labels.get(name));
        let runs = facts.state.running && !facts.state.restarting;
        Self {
            id: facts.id,
            service: naming::service_of(label(SERVICE_LABEL).map(String::as_str), name).into(),
            name: name.into(),
            image: facts.config.image.as_str().into(),
            is_managed: is_managed(label(MANAGED_LABEL)),
            labels: facts.config.labels.clone().unwrap_or_default().into_iter().collect(),
            limits: Some(Limits::of(&facts.host_config)),
            created_ns: since_1970_ns(&facts.created),
            state: if runs { RunState::Running } else { RunState::NotRunning },
            started_ns: since_1970_ns(&facts.state.started_at),
            pid: (runs && facts.state.pid != 0).then_some(facts.state.pid),
            network: NetworkMode::parse(&facts.host_config.network_mode),
            place: None,
        }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.state == RunState::Running
    }

    /// One of which only the id is known, for tests to fill in.
    #[cfg(test)]
    pub(crate) fn unknown(id: ContainerId) -> Self {
        Self {
            id,
            name: "".into(),
            image: "".into(),
            service: "".into(),
            is_managed: false,
            labels: BTreeMap::new(),
            limits: None,
            state: RunState::NotRunning,
            created_ns: None,
            started_ns: None,
            pid: None,
            network: NetworkMode::Own,
            place: None,
        }
    }
}

/// The limits that somebody set; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Relative weight among the node's containers (1,024 is usual).
    pub cpu_shares: Option<u64>,
    /// CPU time that it may take in each period, in us.
    pub cpu_quota_us: Option<u64>,
    /// That period, in us.
    pub cpu_period_us: u64,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Bytes of memory and swap together.
    pub memory_swap_bytes: Option<u64>,
    /// Bytes below which memory is not taken from it.
    pub memory_reservation_bytes: Option<u64>,
}

impl Limits {
    /// A period where Docker does not write one (`cpu.cfs_period_us`, 100 ms).
    const USUAL_PERIOD_US: u64 = 100_000;

    /// Docker writes 0 or -1 where there is no limit, and a number of CPUs instead of quota and period if it was given one.
    fn of(host_config: &InspectHostConfig) -> Self {
        let set = |value: i64| u64::try_from(value).ok().filter(|value| *value > 0);
        let cpu_period_us = set(host_config.cpu_period).unwrap_or(Self::USUAL_PERIOD_US);
        let of_cpus = set(host_config.nano_cpus).map(|nano| nano * Self::USUAL_PERIOD_US / 1_000_000_000);
        Self {
            cpu_shares: set(host_config.cpu_shares),
            cpu_quota_us: set(host_config.cpu_quota).or(of_cpus),
            cpu_period_us,
            memory_bytes: set(host_config.memory),
            memory_swap_bytes: set(host_config.memory_swap),
            memory_reservation_bytes: set(host_config.memory_reservation),
        }
    }
}

/// Names that links give are paths of two components; the container's own name has one.
pub fn own_name(names: &[String]) -> &str {
    let stripped = |name: &'_ String| -> Option<usize> { name.rfind('/').filter(|&at| at == 0) };
    let own = names.iter().find(|name| stripped(name).is_some()).or(names.first());
    own.map_or("", |name| name.strip_prefix('/').unwrap_or(name))
}

fn is_managed(label: Option<&String>) -> bool {
    label.is_some_and(|value| value == "true")
}

/// Docker writes the year 1 for a container that has never started.
fn since_1970_ns(written: &str) -> Option<u64> {
    let at: jiff::Timestamp = written.parse().ok()?;
    u64::try_from(at.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspected(state: &str, network: &str) -> Container {
        let id = "1f".repeat(32);
        let text = format!(
            r#"{{"Id":"{id}","Name":"/web-1-5","State":{state},"Config":{{"Image":"i","Labels":null}},
                "HostConfig":{{"NetworkMode":"{network}"}}}}"#
        );
        Container::from_inspection(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_running_container_has_pid_start_and_service() {
        let container = inspected(
            r#"{"Status":"running","Running":true,"Pid":42,"StartedAt":"2026-01-01T00:00:00.5Z"}"#,
            "bridge",
        );
        assert!(container.is_running());
        assert_eq!((container.pid, &*container.service), (Some(42), "web"));
        assert_eq!(container.started_ns.unwrap() % 1_000_000_000, 500_000_000);
    }

    #[test]
    fn between_two_runs_a_container_does_not_run() {
        let container = inspected(
            r#"{"Status":"restarting","Running":true,"Restarting":true,"Pid":0,"StartedAt":"0001-01-01T00:00:00Z"}"#,
            "bridge",
        );
        assert!(!container.is_running());
        assert_eq!((container.pid, container.started_ns), (None, None));
    }

    #[test]
    fn network_modes_tell_whose_network_it_is() {
        for (mode, expected) in [
            ("bridge", NetworkMode::Own),
            ("none", NetworkMode::Own),
            ("my:net", NetworkMode::Own),
            ("host", NetworkMode::Host),
            ("container:abc", NetworkMode::Shared("abc".into())),
        ] {
            assert_eq!(NetworkMode::parse(mode), expected, "{mode}");
        }
    }

    #[test]
    fn names_of_links_are_not_the_containers_own() {
        let names = ["/other/alias".to_owned(), "/own".to_owned()];
        assert_eq!(own_name(&names), "own");
        assert_eq!(own_name(&[]), "");
    }
}
