//! What the figures were taken on.

use std::fs;

use agent_tests::command;
use serde::Serialize;

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
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
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
