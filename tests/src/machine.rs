//! What the machine's CPUs do, by the kernel's own account.

mod offline_cpu;
mod online_cpus;

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

pub use offline_cpu::OfflineCpu;
pub use online_cpus::online_cpus;
pub(crate) use online_cpus::too_few_cpus;

/// A tick of `/proc/stat`.
const TICK_NS: u64 = 10_000_000;

/// Fields of `/proc/stat`: user, nice, system, (idle, iowait), irq, softirq, steal.
const BUSY: [usize; 6] = [0, 1, 2, 5, 6, 7];

/// What the clock says, as samples tell their time: ns of Unix time.
#[must_use]
#[track_caller]
pub fn wall_ns() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.ok()
        .and_then(|now| u64::try_from(now.as_nanos()).ok())
        .expect("the clock is past 1970")
}

/// Time that all CPUs together have spent on work, in ticks.
pub(crate) fn busy_ticks() -> u64 {
    sum_of(&BUSY)
}

/// Time that one CPU has spent on work, or its hypervisor had of it meanwhile, in ticks.
pub(crate) fn busy_ticks_of(cpu: u32) -> u64 {
    sum_of_line(&format!("cpu{cpu}"), &BUSY)
}

/// Time that all CPUs together had nothing to do, in ns.
pub fn idle_ns() -> u64 {
    sum_of(&[3, 4]) * TICK_NS
}

/// How often tasks have changed on all CPUs since the machine's start.
pub fn task_switches() -> u64 {
    sum_of_line("ctxt", &[0])
}

/// Time in software interrupts on one CPU, in ns; by what a tick finds where the kernel does not measure it.
pub fn softirq_ns(cpu: u32) -> u64 {
    sum_of_line(&format!("cpu{cpu}"), &[6]) * TICK_NS
}

/// Time since the machine's start that its hypervisor gave to others while a CPU here had work, in ns; none on bare
/// metal.
///
/// It passes for whoever is on the CPU, and so a clock counts it; the scheduler leaves it out of `cpu.stat` and
/// `cpuacct`.
pub fn stolen_ns() -> u64 {
    sum_of(&[7]) * TICK_NS
}

/// The ways in which this machine can be suspended, as the kernel names them; empty where it cannot.
#[must_use]
pub fn ways_to_suspend() -> String {
    // no file: the kernel has no power management at all
    let ways = fs::read_to_string("/sys/power/state").unwrap_or_default();
    ways.trim().to_owned()
}

/// [`stolen_ns`] of one CPU.
pub fn stolen_of_ns(cpu: u32) -> u64 {
    sum_of_line(&format!("cpu{cpu}"), &[7]) * TICK_NS
}

/// Over all CPUs.
fn sum_of(fields: &[usize]) -> u64 {
    sum_of_line("cpu", fields)
}

fn sum_of_line(name: &str, fields: &[usize]) -> u64 {
    let stat = fs::read_to_string("/proc/stat").expect("/proc is mounted");
    let mut lines = stat.lines().map(str::split_whitespace);
    let ticks = lines.find_map(|mut words| (words.next() == Some(name)).then_some(words));
    let ticks = ticks.unwrap_or_else(|| panic!("/proc/stat has no line {name}"));
    let ticks: Vec<u64> = ticks.filter_map(|field| field.parse().ok()).collect();
    fields.iter().filter_map(|index| ticks.get(*index)).sum()
}
