//! CPU time and memory of programs, over windows of time.

use std::fs;
use std::time::Duration;

use agent_tests::cgroup::OwnCgroup;
use agent_tests::docker::PrivateDocker;
use anyhow::{Context as _, Result};

use crate::stop::Stop;

/// Something whose CPU time and memory are accounted.
pub(crate) trait Meter {
    /// CPU time until now, in ns.
    fn cpu_ns(&self) -> Result<u64>;
    /// Processes whose memory counts.
    fn pids(&self) -> Vec<u32>;
}

/// A cgroup of our own is exact, and knows ended threads and children.
impl Meter for OwnCgroup {
    fn cpu_ns(&self) -> Result<u64> {
        Ok(Self::cpu_ns(self))
    }

    fn pids(&self) -> Vec<u32> {
        Self::pids(self)
    }
}

/// dockerd and its containerd, without shims: a shim's life is its container's.
impl Meter for PrivateDocker {
    fn cpu_ns(&self) -> Result<u64> {
        let ticks = Self::pids(self).into_iter().map(process_ticks).sum::<Result<u64>>()?;
        Ok(ticks * TICK_NS)
    }

    fn pids(&self) -> Vec<u32> {
        Self::pids(self).to_vec()
    }
}

/// `USER_HZ` is 100 on every architecture that Docker runs on.
const TICK_NS: u64 = 10_000_000;

fn process_ticks(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    ticks_of(&stat).with_context(|| format!("{path} has another form: {stat}"))
}

/// utime and stime, behind the name in parentheses, which may hold blanks and parentheses itself.
fn ticks_of(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// A line of `/proc/PID/status`, in MB of a million bytes, over all processes of a meter.
fn memory_mb(meter: &dyn Meter, line: &str) -> f64 {
    let of_process = |pid: u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|text| text.strip_prefix(line))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    // a process that ended since it was listed has no memory
    let kib: f64 = meter.pids().into_iter().filter_map(of_process).sum();
    kib * 1024.0 / 1e6
}

/// What one meter showed, window by window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    /// Percent of one CPU.
    pub(crate) cpu_percent: Vec<f64>,
    /// Resident at the end of each window, in MB.
    pub(crate) rss_mb: Vec<f64>,
    /// Of it anonymous: what is not the program's own file and can be given back by nobody else.
    pub(crate) anonymous_mb: Vec<f64>,
}

/// Reads all meters at the same moments.
pub(crate) fn windows<const N: usize>(
    meters: [&dyn Meter; N],
    count: usize,
    length: Duration,
    stop: &Stop,
) -> Result<[Windows; N]> {
    let mut all = std::array::from_fn(|_| Windows::default());
    for _ in 0..count {
        let before: Vec<u64> = meters.iter().map(|meter| meter.cpu_ns()).collect::<Result<_>>()?;
        let took = stop.sleep(length)?;
        for ((meter, before), windows) in meters.iter().zip(before).zip(&mut all) {
            let spent = Duration::from_nanos(meter.cpu_ns()?.saturating_sub(before));
            windows
                .cpu_percent
                .push(spent.as_secs_f64() / took.as_secs_f64() * 100.0);
            windows.rss_mb.push(memory_mb(*meter, "VmRSS:"));
            windows.anonymous_mb.push(memory_mb(*meter, "RssAnon:"));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "12 (a ) b) S 1 12 12 0 -1 4194560 1 0 0 0 7 5 100 200 20 0 1 0 99 0 0";
        assert_eq!(ticks_of(stat), Some(12));
        assert_eq!(ticks_of("12 (a) S 1"), None);
    }
}
