//! The node, under the names that `node_exporter` uses.
//!
//! The kernel's own files, of which the dashboards ask more than the agent's other callers: read once a tick at most, when somebody
//! scrapes. A file that is not there, or a line that is not as it should be, is left out.

mod devices;
mod texts;

use std::{fs, path::Path, sync::Arc};

use super::{Family, Kind, Labels, label, number, seconds};
use crate::{node::tick_ns, snapshot::Snapshot};
use devices::{disks, network};
use texts::{Line, lines};

pub(super) fn families(snapshot: &Snapshot, proc_root: &Path) -> Vec<Family> {
    let text = |name: &str| fs::read_to_string(proc_root.join(name)).unwrap_or_default();
    let mut families = vec![
        uname(),
        Family::new(
            "node_time_seconds",
            Kind::Gauge,
            "The node's clock, in seconds since 1970.",
        )
        .single(Some(seconds(snapshot.at.wall_ns))),
    ];
    let (of_cpus, of_memory) = (text("stat"), text("meminfo"));
    families.extend(stat(&of_cpus, tick_ns()));
    families.extend(memory(&of_memory));
    families.extend(load(&text("loadavg")));
    families.extend(network(&text("1/net/dev")));
    families.extend(virtual_memory(&text("vmstat")));
    families.extend(disks(&text("diskstats")));
    families.extend(pressure(|name| text(&format!("pressure/{name}"))));
    families.extend(machine(&of_cpus, &of_memory));
    families
}

/// Dashboards find the node by it.
fn uname() -> Family {
    let uname = rustix::system::uname();
    let mut family = Family::new(
        "node_uname_info",
        Kind::Gauge,
        "Always 1; what the kernel calls itself is in the labels.",
    );
    let known = [
        ("domainname", uname.domainname()),
        ("machine", uname.machine()),
        ("nodename", uname.nodename()),
        ("release", uname.release()),
        ("sysname", uname.sysname()),
        ("version", uname.version()),
    ];
    let labels: Labels = known
        .into_iter()
        .map(|(name, value)| label(name, value.to_string_lossy().into_owned()))
        .collect();
    family.add(&Arc::default(), labels, Some(1.0));
    family
}

/// `/proc/stat` (proc(5)).
fn stat(text: &str, tick_ns: u64) -> Vec<Family> {
    const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
    const GUESTS: [&str; 2] = ["user", "nice"];
    let none = Arc::default();
    let mut modes = Family::new("node_cpu_seconds", Kind::Counter, "Time of each CPU in each mode.");
    let mut guests = Family::new(
        "node_cpu_guest_seconds",
        Kind::Counter,
        "Time of each CPU for guests; in user and nice too.",
    );
    let mut families = Vec::new();
    for Line { key, numbers } in lines(text) {
        if let Some(cpu) = key.strip_prefix("cpu").filter(|cpu| !cpu.is_empty()) {
            let mut times = numbers.iter().map(|ticks| Some(seconds(ticks.saturating_mul(tick_ns))));
            let mut add = |family: &mut Family, mode: &'static str| {
                let with = vec![label("cpu", cpu.to_owned()), label("mode", mode)];
                family.add(&none, with, times.next().flatten());
            };
            for mode in MODES {
                add(&mut modes, mode);
            }
            for mode in GUESTS {
                add(&mut guests, mode);
            }
            continue;
        }
        let known = match key {
            "intr" => ("node_intr", Kind::Counter, "Interrupts."),
            "ctxt" => ("node_context_switches", Kind::Counter, "Switches between tasks."),
            "btime" => (
                "node_boot_time_seconds",
                Kind::Gauge,
                "When the node started, in seconds since 1970.",
            ),
            "processes" => ("node_forks", Kind::Counter, "Tasks that were made."),
            "procs_running" => ("node_procs_running", Kind::Gauge, "Tasks that can run."),
            "procs_blocked" => ("node_procs_blocked", Kind::Gauge, "Tasks that wait for a disk."),
            _ => continue,
        };
        let (name, kind, help) = known;
        families.push(Family::new(name, kind, help).single(numbers.first().copied().map(number)));
    }
    families.extend([modes, guests]);
    families
}

/// `/proc/meminfo`: a family for each line, in bytes where the kernel says kB.
fn memory(text: &str) -> Vec<Family> {
    let families = text.lines().filter_map(|line| {
        let (key, rest) = line.split_once(':')?;
        let mut words = rest.split_whitespace();
        let value: u64 = words.next()?.parse().ok()?;
        let (value, unit) = match words.next() {
            Some("kB") => (value.saturating_mul(1024), "_bytes"),
            _ => (value, ""),
        };
        let key = key.replace('(', "_").replace(')', "");
        let is_name = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let family = || {
            let help = format!("{key} of /proc/meminfo.");
            Family::new(format!("node_memory_{key}{unit}"), Kind::Gauge, help).single(Some(number(value)))
        };
        is_name.then(family)
    });
    families.collect()
}

/// `/proc/loadavg`.
fn load(text: &str) -> Vec<Family> {
    let names = [
        ("node_load1", "Tasks that run or wait, mean of a minute."),
        ("node_load5", "Tasks that run or wait, mean of five minutes."),
        ("node_load15", "Tasks that run or wait, mean of fifteen minutes."),
    ];
    let values = text.split(' ').map(|word| word.parse::<f64>().ok());
    let families = names.into_iter().zip(values);
    families
        .map(|((name, help), value)| Family::new(name, Kind::Gauge, help).single(value))
        .collect()
}

/// `/proc/vmstat`: the lines that `node_exporter` takes.
fn virtual_memory(text: &str) -> Vec<Family> {
    const TAKEN: [&str; 7] = [
        "oom_kill",
        "pgfault",
        "pgmajfault",
        "pgpgin",
        "pgpgout",
        "pswpin",
        "pswpout",
    ];
    let is_taken = |key: &str| TAKEN.contains(&key);
    let taken = lines(text).filter(|line| is_taken(line.key));
    taken
        .map(|Line { key, numbers }| {
            let help = format!("{key} of /proc/vmstat.");
            Family::new(format!("node_vmstat_{key}"), Kind::Unknown, help).single(numbers.first().copied().map(number))
        })
        .collect()
}

/// `/proc/pressure/*` (psi.rst): waiting is the line `some`, stalled the line `full`.
fn pressure(text: impl Fn(&str) -> String) -> Vec<Family> {
    const NAMES: [(&str, &str, &str, &str); 5] = [
        (
            "cpu",
            "some",
            "node_pressure_cpu_waiting_seconds",
            "Time in which some task waited for a CPU.",
        ),
        (
            "io",
            "some",
            "node_pressure_io_waiting_seconds",
            "Time in which some task waited for a disk.",
        ),
        (
            "io",
            "full",
            "node_pressure_io_stalled_seconds",
            "Time in which all tasks waited for a disk.",
        ),
        (
            "memory",
            "some",
            "node_pressure_memory_waiting_seconds",
            "Time in which some task waited for memory.",
        ),
        (
            "memory",
            "full",
            "node_pressure_memory_stalled_seconds",
            "Time in which all tasks waited for memory.",
        ),
    ];
    let families = NAMES.into_iter().map(|(file, line, name, help)| {
        let text = text(file);
        let told = text
            .lines()
            .find_map(|told| told.strip_prefix(line)?.rsplit_once("total="));
        let us = told.and_then(|(_, us)| us.trim().parse::<u64>().ok());
        Family::new(name, Kind::Counter, help).single(us.map(|us| number(us) / 1e6))
    });
    families.collect()
}

/// What cAdvisor tells of the machine.
fn machine(stat: &str, meminfo: &str) -> Vec<Family> {
    let cpus = lines(stat).filter(|line| line.key.len() > "cpu".len() && line.key.starts_with("cpu"));
    let cpus = Some(cpus.count()).filter(|count| *count > 0);
    let bytes = |key: &str| {
        let mut lines = meminfo
            .lines()
            .filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let kib: u64 = lines.next()?.split_whitespace().next()?.parse().ok()?;
        Some(number(kib.saturating_mul(1024)))
    };
    vec![
        Family::new("machine_cpu_cores", Kind::Gauge, "CPUs that are online.")
            .single(cpus.map(|count| number(count as u64))),
        Family::new("machine_memory_bytes", Kind::Gauge, "Memory of the node.").single(bytes("MemTotal")),
        Family::new("machine_swap_bytes", Kind::Gauge, "Swap of the node.").single(bytes("SwapTotal")),
    ]
}

#[cfg(test)]
mod tests;
