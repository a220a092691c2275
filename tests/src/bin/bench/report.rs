//! What a run has found so far, kept in a file after each section: an interruption loses nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::machine::Machine;
use crate::statistics::{Figure, ratio};

/// All that a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// Fewer containers and shorter windows: for a look while developing.
    pub(crate) quick: bool,
    pub(crate) tables: Vec<Table>,
    /// What could not be measured here, each with the reason.
    pub(crate) missing: Vec<String>,
    /// Sections that could have been measured and were not, each with the reason.
    pub(crate) failed: Vec<String>,
}

/// One section's figures.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Table {
    /// Stable, for those who read the JSON and for the order of the tables.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// How it was measured, in a sentence or two.
    pub(crate) how: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// One figure beside those of peers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Option<Figure>,
    pub(crate) target: Option<Target>,
    /// Whether our median keeps to the target.
    pub(crate) met: Option<bool>,
    pub(crate) peers: Vec<Peer>,
}

/// What our figure is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

/// The same figure of something else.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) figure: Figure,
    /// How many times better ours is, of what was measured together: less of a cost, more of a rate.
    pub(crate) ratio: Option<f64>,
}

/// The one unit of which more is better.
pub(crate) const RATE: &str = "req/s";

impl Target {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

impl Row {
    /// A row of our own runs.
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, runs: &[f64]) -> Self {
        Self {
            what: what.into(),
            unit,
            ours: Figure::of(runs),
            target: None,
            met: None,
            peers: Vec::new(),
        }
    }

    /// A row of something that is counted exactly.
    pub(crate) fn counted(what: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self {
            ours: Some(Figure::counted(value)),
            ..Self::new(what, unit, &[])
        }
    }

    pub(crate) fn target(mut self, target: Target) -> Self {
        self.met = self.ours.map(|figure| target.is_met_by(figure.median));
        self.target = Some(target);
        self
    }

    /// A peer whose runs were taken together with `beside`, which are ours.
    pub(crate) fn peer(self, name: impl Into<String>, runs: &[f64], beside: &[f64]) -> Self {
        let ratio = if self.unit == RATE {
            ratio(runs, beside)
        } else {
            ratio(beside, runs)
        };
        self.with_peer(name.into(), runs, ratio)
    }

    /// Something to read our figure by, which is not better or worse.
    pub(crate) fn reference(self, name: impl Into<String>, runs: &[f64]) -> Self {
        self.with_peer(name.into(), runs, None)
    }

    fn with_peer(mut self, name: String, runs: &[f64], ratio: Option<f64>) -> Self {
        self.peers
            .extend(Figure::of(runs).map(|figure| Peer { name, figure, ratio }));
        self
    }
}

impl Report {
    /// Adds rows to the table of that id, which is made when it is not there yet.
    pub(crate) fn add(&mut self, table: Table) {
        match self.tables.iter_mut().find(|known| known.id == table.id) {
            Some(known) => known.rows.extend(table.rows),
            None => self.tables.push(table),
        }
    }

    /// Writes JSON and tables into `dir`.
    pub(crate) fn save(&self, dir: &Path) -> Result<()> {
        let write = |name: &str, text: String| {
            let path = dir.join(name);
            fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
        };
        write("report.json", serde_json::to_string_pretty(self)? + "\n")?;
        write("report.md", crate::table::render(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_judged_by_the_median() {
        let row = Row::new("x", "%", &[0.1, 0.2, 9.0]);
        assert_eq!(row.clone().target(Target::AtMost(0.2)).met, Some(true));
        assert_eq!(row.clone().target(Target::AtMost(0.19)).met, Some(false));
        assert_eq!(row.target(Target::AtLeast(0.3)).met, Some(false));
    }

    #[test]
    fn what_was_not_measured_neither_meets_nor_misses_its_target() {
        assert_eq!(Row::new("x", "%", &[]).target(Target::AtMost(1.0)).met, None);
    }

    #[test]
    fn a_peer_without_runs_is_left_out() {
        let row = Row::new("x", "%", &[1.0]).peer("a", &[], &[]).peer("b", &[4.0], &[2.0]);
        assert_eq!(row.peers.len(), 1);
        assert_eq!(row.peers[0].ratio, Some(2.0));
    }

    #[test]
    fn a_ratio_above_one_is_in_our_favour() {
        let of =
            |unit, ours: f64, theirs: f64| Row::new("x", unit, &[ours]).peer("a", &[theirs], &[ours]).peers[0].ratio;
        assert_eq!(of("ms", 1.0, 4.0), Some(4.0));
        assert_eq!(of(RATE, 400.0, 100.0), Some(4.0));
    }
}
