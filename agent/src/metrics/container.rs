//! Containers, under the names and labels that cAdvisor uses.
//!
//! Each series has `id` (the path of the cgroup), `name` and `image`, and a label `container_label_*` for each of the labels of
//! containers that are shown. Network series also say whose network it is: bytes of a container on the host's network are its own and
//! not the host's, and whoever sums up may leave them out.

mod figures;

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use super::{
    Family, Kind, Labels,
    cgroup_files::{Accounts, AsOf, CgroupFiles},
    label, number, seconds,
};
use crate::{
    containers::{Container, ContainerTable, NetworkMode},
    snapshot::{ContainerUsage, Snapshot},
};
use figures::{FIGURES, NET_FIGURES};

/// Containers that a scrape tells of; of more, those whose names come first.
pub const MOST_CONTAINERS: usize = 1000;
/// The most series that one container has.
pub const SERIES_EACH: usize = 40;
/// Longer values of labels are cut, in bytes.
const LONGEST_VALUE: usize = 256;

/// One container and all that is told of it.
struct Told<'a> {
    labels: Arc<Labels>,
    container: &'a Container,
    usage: &'a ContainerUsage,
    accounts: Accounts,
    /// By Docker's word, since the agent started.
    oom_kills: u64,
}

pub(super) fn families(
    snapshot: &Snapshot,
    table: &ContainerTable,
    interval_ns: u64,
    files: &mut CgroupFiles,
) -> Vec<Family> {
    let mut running: Vec<_> = table
        .running()
        .filter_map(|container| Some((container, snapshot.containers.get(&container.id)?)))
        // as `GET /containers/status` has it: the figures of the run before are not this one's
        .filter(|(container, published)| {
            let usage = &published.usage;
            usage.is_ready(container.started_ns, interval_ns, snapshot.at.wall_ns)
        })
        .collect();
    running.sort_unstable_by_key(|(container, _)| (&container.name, container.id));
    running.truncate(MOST_CONTAINERS);
    let shown: BTreeSet<&str> = running
        .iter()
        .flat_map(|(container, _)| container.labels.keys().map(String::as_str))
        .collect();
    files.keep_only(|id| table.by_id.get(&id).is_some_and(|container| container.is_running()));
    let told: Vec<Told<'_>> = running
        .into_iter()
        .map(|(container, published)| {
            let usage = published.asked();
            let as_of = AsOf {
                seq: snapshot.seq,
                cpu_ns: usage.total.cpu_ns,
            };
            Told {
                labels: Arc::new(labels(container, &shown)),
                container,
                usage,
                accounts: files.read(container, as_of),
                oom_kills: table.oom_kills.get(&container.id).map_or(0, |kills| kills.count),
            }
        })
        .collect();
    let mut families = vec![usage_seconds(&told)];
    families.extend(FIGURES.iter().map(|(name, kind, help, figure)| {
        let mut family = Family::new(*name, *kind, *help);
        for one in &told {
            family.add(&one.labels, Labels::new(), figure(one));
        }
        family
    }));
    families.push(faults(&told));
    families.extend(NET_FIGURES.iter().map(|(name, help, figure)| {
        let mut family = Family::new(*name, Kind::Counter, *help);
        for one in &told {
            let mode = match one.container.network {
                NetworkMode::Own => "own",
                NetworkMode::Host => "host",
                NetworkMode::Shared(_) => "shared",
            };
            let with = vec![label("interface", "all"), label("network_mode", mode)];
            family.add(
                &one.labels,
                with,
                one.usage.total.net.as_ref().map(|net| number(figure(net))),
            );
        }
        family
    }));
    families
}

fn usage_seconds(told: &[Told<'_>]) -> Family {
    let mut family = Family::new(
        "container_cpu_usage_seconds",
        Kind::Counter,
        "CPU time of the container, as the agent counts it.",
    );
    for one in told {
        let with = vec![label("cpu", "total")];
        family.add(&one.labels, with, Some(seconds(one.usage.total.cpu_ns)));
    }
    family
}

fn faults(told: &[Told<'_>]) -> Family {
    let mut family = Family::new(
        "container_memory_failures",
        Kind::Counter,
        "Page faults; pgmajfault are those that read from a disk.",
    );
    for one in told {
        let kinds = [
            ("pgfault", one.accounts.faults),
            ("pgmajfault", one.accounts.major_faults),
        ];
        for (kind, value) in kinds {
            let with = vec![label("failure_type", kind), label("scope", "hierarchy")];
            family.add(&one.labels, with, value.map(number));
        }
    }
    family
}

/// All series of a name have the same labels, empty where a container has none.
fn labels(container: &Container, shown: &BTreeSet<&str>) -> Labels {
    let mut labels = vec![
        label("id", path(container)),
        label("name", cut(&container.name).to_owned()),
        label("image", cut(&container.image).to_owned()),
    ];
    let mut names = BTreeSet::new();
    for name in shown {
        let value = container.labels.get(*name).map_or("", |value| cut(value));
        let name = format!("container_label_{}", plain(name));
        // Two labels may differ only in what a name may not have; the first is told.
        if names.insert(name.clone()) {
            labels.push((Cow::Owned(name), Cow::Owned(value.to_owned())));
        }
    }
    labels
}

/// The path of the cgroup, from the root of its tree; where that is not known, as Docker would name it.
fn path(container: &Container) -> String {
    let dirs = container.place.as_ref().map(|place| &place.dirs);
    let known = dirs.and_then(|dirs| {
        dirs.v2
            .as_ref()
            .or(dirs.memory_v1.as_ref())
            .or(dirs.cpuacct_v1.as_ref())
    });
    match known {
        Some(path) => format!("/{}", path.display().to_string().trim_start_matches('/')),
        None => format!("/docker/{}", container.id),
    }
}

/// A name of a label has letters, digits and `_` (Prometheus' data model).
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect()
}

fn cut(value: &str) -> &str {
    &value[..value.floor_char_boundary(LONGEST_VALUE)]
}

#[cfg(test)]
mod tests;
