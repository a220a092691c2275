//! What every section needs: containers, peers, pace, and where figures go.

use std::fmt::Debug;
use std::path::Path;
use std::time::{Duration, Instant};

use agent_tests::docker::PrivateDocker;
use anyhow::Result;

use crate::fleet::Fleet;
use crate::peers::{Name, Unpacked};
use crate::report::{Report, Table};
use crate::stop::Stop;

/// How often each thing is measured: a median of fewer says little.
pub(crate) const ROUNDS: usize = 5;

/// One run of the benchmarks.
pub(crate) struct Run<'run> {
    pub(crate) docker: &'run PrivateDocker,
    pub(crate) fleet: &'run Fleet<'run>,
    pub(crate) stop: Stop,
    pub(crate) unpacked: Unpacked,
    pub(crate) peers: Vec<Name>,
    pub(crate) quick: bool,
    /// Whether all peers are measured at this number of containers, or `docker stats` alone: each takes minutes.
    pub(crate) all_peers: bool,
    /// Whether no more containers come.
    pub(crate) is_most: bool,
    pub(crate) out: &'run Path,
    pub(crate) report: Report,
    pub(crate) started: Instant,
}

impl Run<'_> {
    /// One look at the agent alone: ten ticks.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(if self.quick { 4 } else { 10 })
    }

    /// One look at the agent and a peer.
    pub(crate) fn peer_window(&self) -> Duration {
        Duration::from_secs(if self.quick { 3 } else { 5 })
    }

    /// One run of a load over HTTP.
    pub(crate) fn load_time(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { 2 })
    }

    /// A line of progress.
    pub(crate) fn say(&self, what: &str) {
        eprintln!(
            "bench {:4} s  {:3} containers  {what}",
            self.started.elapsed().as_secs(),
            self.fleet.len()
        );
    }

    /// Whether this peer was asked for.
    pub(crate) fn wants(&self, name: Name) -> bool {
        self.peers.contains(&name)
    }

    /// A peer that was asked for and starts; of one that does not, the reason goes into the report.
    pub(crate) fn peer<T>(&mut self, name: Name, start: impl FnOnce(&Unpacked) -> Result<T>) -> Option<T> {
        if !self.wants(name) {
            return None;
        }
        let started = start(&self.unpacked);
        started
            .map_err(|error| self.missing(&format!("{name:?} with {} containers: {error:#}", self.fleet.len())))
            .ok()
    }

    /// Notes what was not measured.
    pub(crate) fn missing(&mut self, what: &str) {
        self.say(&format!("NOT measured: {what}"));
        if !self.report.missing.iter().any(|known| known == what) {
            self.report.missing.push(what.to_owned());
        }
    }

    /// Notes a section that failed.
    pub(crate) fn failed(&mut self, what: String) {
        self.say(&format!("FAILED: {what}"));
        self.report.failed.push(what);
    }

    /// Figures of a section, written at once.
    pub(crate) fn add(&mut self, table: Table) {
        self.report.add(table);
        self.save();
    }

    /// Writes what there is; a disk that is full must not end the run.
    pub(crate) fn save(&self) {
        if let Err(error) = self.report.save(self.out) {
            self.say(&format!("{error:#}"));
        }
    }
}

impl Debug for Run<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Run")
            .field("quick", &self.quick)
            .finish_non_exhaustive()
    }
}
