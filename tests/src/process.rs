//! Processes as /proc shows them, and signals to those that the harness started.

use std::fs;
use std::path::Path;

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// Sends a signal to a process that the caller started; one that has ended already is no error.
#[track_caller]
pub fn signal(pid: u32, signal: Signal) {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Err(error) = kill_process(raw.expect("a process id"), signal) {
        assert!(
            error == rustix::io::Errno::SRCH,
            "cannot send {signal:?} to process {pid}: {error}"
        );
    }
}

/// The harness runs with an effective user id of 0.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// How many files, sockets and other descriptors a process has open.
#[track_caller]
pub fn open_files(pid: u32) -> usize {
    let dir = format!("/proc/{pid}/fd");
    fs::read_dir(&dir)
        .unwrap_or_else(|error| panic!("cannot read {dir}: {error}"))
        .count()
}

/// What an interface has received, in the network namespace of a process.
#[track_caller]
pub fn received_bytes(pid: u32, interface: &str) -> u64 {
    let path = format!("/proc/{pid}/net/dev");
    let table = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    let of_interface = table
        .lines()
        .find_map(|line| line.trim().strip_prefix(interface)?.strip_prefix(':'));
    let bytes = of_interface.and_then(|fields| fields.split_whitespace().next()?.parse().ok());
    bytes.unwrap_or_else(|| panic!("{path} has no {interface}: {table}"))
}

/// Processes of one cgroup, as its `cgroup.procs` lists them.
pub fn in_cgroup(dir: &Path) -> Vec<u32> {
    let listed = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
    listed
        .lines()
        .filter_map(|line| line.parse().ok())
        .filter(|pid| *pid != 0)
        .collect()
}

/// Processes that wait in the kernel and cannot be ended (state D), each with where it waits; `nothing` where there is none.
pub fn held_by_the_kernel() -> String {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let held: Vec<_> = pids.filter_map(|entry| held(&entry.path())).collect();
    if held.is_empty() {
        return "nothing".to_owned();
    }
    held.join("; ")
}

fn held(process: &Path) -> Option<String> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (name, rest) = stat.rsplit_once(") ")?;
    if !rest.starts_with('D') {
        return None;
    }
    let stack = fs::read_to_string(process.join("stack")).unwrap_or_default();
    let frames: Vec<_> = stack.lines().take(6).map(str::trim).collect();
    Some(format!("{name}) in {}", frames.join(", ")))
}

/// TCP segments that were sent a second time, in the network namespace of a process.
#[track_caller]
pub fn tcp_segments_sent_again(pid: u32) -> u64 {
    let path = format!("/proc/{pid}/net/snmp");
    let table = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    // two lines: names, then numbers
    let mut lines = table.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let names = lines.next().unwrap_or_default().split_whitespace();
    let numbers = lines.next().unwrap_or_default().split_whitespace();
    let (_, number) = names
        .zip(numbers)
        .find(|(name, _)| *name == "RetransSegs")
        .unwrap_or_else(|| panic!("{path} does not tell of TCP: {table}"));
    number.parse().expect("a number")
}

/// Memory of a process, in KiB.
#[track_caller]
pub fn rss_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = rss.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok());
    kib.expect("a process with memory has a VmRSS line")
}
