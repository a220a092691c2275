//! What Prometheus scrapes: the snapshot under the names that cAdvisor uses, the node under those of `node_exporter`, and the
//! agent itself under `balancer_agent_`.
//!
//! Families of plain data come first, text of them in the end: what is told is a pure function of what was read. Only what is measured
//! is told; a series that has no figure is left out. How many series there can be is in [`container::SERIES_EACH`] and
//! [`container::MOST_CONTAINERS`].

mod agent;
pub mod cgroup_files;
mod classic;
mod container;
mod node;
#[cfg(test)]
mod page;
mod text;

use std::{borrow::Cow, path::Path, sync::Arc};

pub use agent::AgentFacts;
pub use container::{MOST_CONTAINERS, SERIES_EACH};

use crate::{containers::ContainerTable, snapshot::Snapshot};
use cgroup_files::CgroupFiles;

/// In which of its two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' own, version 0.0.4.
    Classic,
    /// `OpenMetrics` 1.0.
    Open,
}

/// What a family's figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It only grows, until whatever counts it starts anew. Its name gets `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
    /// As the kernel keeps it, which does not say.
    Unknown,
}

/// All series of one name.
#[derive(Clone, Debug)]
struct Family {
    name: Cow<'static, str>,
    help: Cow<'static, str>,
    kind: Kind,
    series: Vec<Series>,
}

/// One figure and what it is of.
#[derive(Clone, Debug)]
struct Series {
    /// Labels that many series share.
    of: Arc<Labels>,
    /// This one's own.
    with: Labels,
    value: f64,
}

type Labels = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// All that a scrape tells, of one snapshot. `table` is of now: a container that has ended since is not told any more.
pub fn scrape(
    snapshot: &Snapshot,
    table: &ContainerTable,
    agent: &AgentFacts,
    proc_root: &Path,
    files: &mut CgroupFiles,
    format: Format,
) -> String {
    let mut families = container::families(snapshot, table, agent.interval_ns, files);
    families.extend(node::families(snapshot, proc_root));
    families.extend(agent::families(snapshot, agent, table));
    families.retain(|family| !family.series.is_empty());
    let open = text::open(families);
    match format {
        Format::Open => open,
        Format::Classic => classic::classic(&open),
    }
}

impl Family {
    fn new(name: impl Into<Cow<'static, str>>, kind: Kind, help: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            help: help.into(),
            kind,
            series: Vec::new(),
        }
    }

    /// With one series that has no labels, if there is a figure.
    fn single(mut self, value: Option<f64>) -> Self {
        self.add(&Arc::default(), Labels::new(), value);
        self
    }

    fn add(&mut self, of: &Arc<Labels>, with: Labels, value: Option<f64>) {
        self.series.extend(value.map(|value| Series {
            of: Arc::clone(of),
            with,
            value,
        }));
    }
}

/// Memory of the agent itself, in bytes, and its CPU time, in ns.
pub fn own_usage() -> Option<(u64, u64)> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let ns = u64::try_from(time.tv_sec).ok()? * 1_000_000_000 + u64::try_from(time.tv_nsec).ok()?;
    Some((pages * rustix::param::page_size() as u64, ns))
}

/// One label of a series.
fn label(name: &'static str, value: impl Into<Cow<'static, str>>) -> (Cow<'static, str>, Cow<'static, str>) {
    (name.into(), value.into())
}

/// Whole numbers up to 2^53 are exact in what Prometheus keeps.
#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn number(value: u64) -> f64 {
    value as f64
}

/// Nanoseconds as seconds.
fn seconds(ns: u64) -> f64 {
    number(ns) / 1e9
}
