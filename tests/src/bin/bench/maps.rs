//! Kernel memory that the maps take, by possible CPUs and containers.

use std::collections::BTreeMap;
use std::fs;

use agent_tests::agent::AgentCommand;
use anyhow::{Context as _, Result, ensure};

use crate::report::{Row, Table};
use crate::run::Run;

const MAX_CONTAINERS: [&str; 4] = ["128", "1024", "4096", "16384"];
/// Machines that are not here.
const OTHER_CPUS: [u64; 3] = [8, 64, 256];
/// The agent makes room for fewer cgroups where their counters would take more than this.
const MAX_COUNTER_BYTES: u64 = 256 << 20;

/// A map as the kernel describes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Map {
    kind: u64,
    value_bytes: u64,
    entries: u64,
    /// What the kernel has charged for it.
    charged_bytes: u64,
}

impl Map {
    /// `BPF_MAP_TYPE_PERCPU_HASH`, `..._PERCPU_ARRAY`, `..._LRU_PERCPU_HASH`: a value for each possible CPU.
    fn is_per_cpu(self) -> bool {
        [5, 6, 10].contains(&self.kind)
    }

    /// What it takes with that many possible CPUs, from what it takes with `here`.
    fn bytes_with(self, cpus: u64, here: u64) -> u64 {
        if !self.is_per_cpu() {
            return self.charged_bytes;
        }
        let a_cpu = self.entries * self.value_bytes.next_multiple_of(8);
        self.charged_bytes.saturating_sub(a_cpu * here) + (a_cpu * cpus).min(MAX_COUNTER_BYTES)
    }
}

pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    let here = possible_cpus(&fs::read_to_string("/sys/devices/system/cpu/possible").context("possible CPUs")?);
    let here = here.context("the list of possible CPUs has another form")?;
    let mut rows = Vec::new();
    for most in MAX_CONTAINERS {
        run.stop.check()?;
        let agent = AgentCommand::for_docker(&run.docker.url())
            .args(&["--max-containers", most])
            .start();
        let maps = maps_of(agent.pid)?;
        ensure!(!maps.is_empty(), "the agent has no maps: does it count in the kernel?");
        let total = |cpus: u64| maps.iter().map(|map| map.bytes_with(cpus, here)).sum::<u64>();
        rows.push(Row::counted(
            format!("--max-containers {most}, {here} possible CPUs"),
            "MB",
            megabytes(total(here)),
        ));
        for cpus in OTHER_CPUS.into_iter().filter(|cpus| *cpus != here) {
            rows.push(Row::counted(
                format!("--max-containers {most}, {cpus} (computed)"),
                "MB",
                megabytes(total(cpus)),
            ));
        }
    }
    run.add(Table {
        id: "maps",
        title: "Kernel memory of the maps",
        how: "As the kernel charges it to the agent's maps. For other numbers of possible CPUs computed from that: a per-CPU map \
              has one value more of each entry for each CPU more, and the counters take 256 MiB at most: where that is \
              reached there is room for fewer cgroups.",
        rows,
    });
    Ok(())
}

/// Every map that the process has open, once.
fn maps_of(pid: u32) -> Result<Vec<Map>> {
    let dir = format!("/proc/{pid}/fdinfo");
    let mut maps = BTreeMap::new();
    for entry in fs::read_dir(&dir).with_context(|| format!("reading {dir}"))? {
        // a descriptor may be closed meanwhile
        let text = fs::read_to_string(entry.context("reading the list of descriptors")?.path()).unwrap_or_default();
        maps.extend(map(&text));
    }
    Ok(maps.into_values().collect())
}

/// Its id, and what it is.
fn map(fdinfo: &str) -> Option<(u64, Map)> {
    let number = |name: &str| {
        fdinfo
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
    };
    let map = Map {
        kind: number("map_type:")?,
        value_bytes: number("value_size:")?,
        entries: number("max_entries:")?,
        charged_bytes: number("memlock:")?,
    };
    Some((number("map_id:")?, map))
}

/// From a list such as `0-3,8`: the highest and all below it.
fn possible_cpus(list: &str) -> Option<u64> {
    let highest = list.trim().rsplit([',', '-']).next()?;
    highest.parse::<u64>().ok().map(|highest| highest + 1)
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_and_other_descriptors_are_not() {
        let text = "pos:\t0\nflags:\t02000002\nmap_type:\t5\nkey_size:\t8\nvalue_size:\t72\nmax_entries:\t100\n\
                    map_flags:\t0x0\nmap_extra:\t0x0\nmemlock:\t20000\nmap_id:\t7\nfrozen:\t0\n";
        let expected = Map {
            kind: 5,
            value_bytes: 72,
            entries: 100,
            charged_bytes: 20_000,
        };
        assert_eq!(map(text), Some((7, expected)));
        assert_eq!(map("pos:\t0\nflags:\t02\n"), None);
        assert_eq!(expected.bytes_with(2, 2), 20_000);
        assert_eq!(expected.bytes_with(4, 2), 20_000 + 2 * 7200);
        assert_eq!(expected.bytes_with(1 << 20, 2), 20_000 - 2 * 7200 + MAX_COUNTER_BYTES);
        assert_eq!(Map { kind: 1, ..expected }.bytes_with(64, 2), 20_000);
    }

    #[test]
    fn possible_cpus_are_counted_to_the_highest() {
        assert_eq!(
            ["0-1\n", "0", "0-3,8", "0-3,8-11"].map(possible_cpus),
            [Some(2), Some(1), Some(9), Some(12)]
        );
        assert_eq!(possible_cpus(""), None);
    }
}
