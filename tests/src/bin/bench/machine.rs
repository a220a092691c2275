//! What the figures were taken on.

use std::fmt;
use std::fs;
use std::thread;
use std::time::Duration;

use agent_tests::command;
use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::stop::Stop;

/// A machine in the words that matter to its figures.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cpus: usize,
    /// What the kernel lays per-CPU memory out for: `0-1`.
    possible_cpus: String,
    memory_gib: u64,
    kernel: String,
    cgroups: &'static str,
    /// Programs that took part, each with its version.
    programs: Vec<String>,
}

impl Machine {
    pub(crate) fn look(programs: Vec<String>) -> Self {
        let cpu_info = read("/proc/cpuinfo");
        let model = cpu_info
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let memory = read("/proc/meminfo");
        let total = memory
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
        let total_kib: u64 = total.and_then(|kib| kib.parse().ok()).unwrap_or_default();
        Self {
            cpu: model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned()),
            cpus: thread::available_parallelism().map_or(1, usize::from),
            possible_cpus: read("/sys/devices/system/cpu/possible").trim().to_owned(),
            memory_gib: total_kib.div_ceil(1 << 20),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cgroups: if read("/proc/self/mounts").contains(" cgroup rw") {
                "v1 and v2"
            } else {
                "v2"
            },
            programs,
        }
    }

    /// One paragraph.
    pub(crate) fn describe(&self) -> String {
        format!(
            "Machine: {} CPUs ({}), {} GiB, kernel {}, possible CPUs {}, cgroups {}; {}.",
            self.cpus,
            self.cpu,
            self.memory_gib,
            self.kernel,
            self.possible_cpus,
            self.cgroups,
            self.programs.join(", ")
        )
    }
}

/// What all that runs takes together in a window, in percent of one CPU.
pub(crate) fn busy_percent(stop: &Stop, window: Duration) -> Result<f64> {
    let look = || Ticks::parse(&read("/proc/stat")).context("/proc/stat begins with the time of all CPUs");
    let before = look()?;
    stop.sleep(window)?;
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    Ok(look()?.busy_percent_since(before, cpus))
}

/// Time of all CPUs together since boot, in clock ticks (proc(5)).
#[derive(Clone, Copy, Debug)]
struct Ticks {
    idle: u64,
    all: u64,
}

impl Ticks {
    fn parse(stat: &str) -> Option<Self> {
        let words = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
        // time of guests, the last two, is in the first two already
        let parts: Vec<u64> = words.take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self {
            idle: parts.get(3)? + parts.get(4)?,
            all: parts.iter().sum(),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "ticks of a window, and CPUs")]
    fn busy_percent_since(self, before: Self, cpus: usize) -> f64 {
        let (all, idle) = (self.all - before.all, self.idle - before.idle);
        (all - idle.min(all)) as f64 / all.max(1) as f64 * 100.0 * cpus as f64
    }
}

/// A program that this machine does not have: what takes it is left out, and nothing has failed.
#[derive(Debug)]
pub(crate) struct NotInstalled(&'static str);

impl fmt::Display for NotInstalled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is not installed", self.0)
    }
}

impl std::error::Error for NotInstalled {}

/// An error unless the program is installed.
pub(crate) fn has(name: &'static str) -> Result<(), NotInstalled> {
    command::find_program(name).map(drop).ok_or(NotInstalled(name))
}

/// A program's name and version; `None` where it is not installed.
pub(crate) fn version(name: &str, words: &[&str]) -> Option<String> {
    command::find_program(words[0])?;
    let done = command::attempt(words);
    // some tell it on standard error
    let number = [done.stdout, done.stderr]
        .iter()
        .find_map(|text| number(text).map(str::to_owned))?;
    Some(format!("{name} {number}"))
}

/// The first word that begins with a digit and has a point: `v1.2`, `name/1.2` and `1.2,` too.
fn number(text: &str) -> Option<&str> {
    let words = text.split(|c: char| c.is_whitespace() || c == '/');
    let mut words = words.map(|word| word.trim_start_matches('v').trim_end_matches(','));
    words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_is_not_idle_is_busy() {
        let [before, after] = [
            "cpu  10 0 10 100 10 0 0 0 5 0\ncpu0 1",
            "cpu  30 0 20 160 20 0 0 0 9 0\n",
        ]
        .map(|text| Ticks::parse(text).unwrap());
        // of 100 ticks, on two CPUs, 30 were not idle
        assert!((after.busy_percent_since(before, 2) - 60.0).abs() < 1e-9);
        assert!(Ticks::parse("intr 5").is_none() && Ticks::parse("cpu  1 2").is_none());
    }

    #[test]
    fn versions_are_found_in_what_programs_say() {
        let said = [
            "Docker version 20.10.24+dfsg1, build 5d",
            "wrk debian/4.1.0-3 [epoll]",
            "netdata v1.37.1",
            "cAdvisor version 0.38.7 (x)",
        ];
        assert_eq!(
            said.map(number),
            [Some("20.10.24+dfsg1"), Some("4.1.0-3"), Some("1.37.1"), Some("0.38.7")]
        );
        assert_eq!(number("unknown option"), None);
    }
}
