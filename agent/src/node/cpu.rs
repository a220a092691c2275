//! CPUs and their time, from `/proc/stat` (proc(5)).

use std::{collections::BTreeMap, fmt, str::FromStr};

use procfs::{CpuTime, ExplicitSystemInfo, FromBufReadSI as _, KernelStats};
use serde::{Serialize, Serializer};

/// A CPU, written as `/proc/stat` names it (`cpu0`), and ordered by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuName(pub u32);

impl fmt::Display for CpuName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cpu{}", self.0)
    }
}

impl FromStr for CpuName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text.strip_prefix("cpu").ok_or(())?;
        number.parse().map(Self).map_err(|_| ())
    }
}

impl Serialize for CpuName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Time of one CPU since boot, in clock ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTicks {
    /// All but idle and iowait.
    pub busy: u64,
    /// Idle and iowait.
    pub idle: u64,
}

/// How long a tick of [`CpuTicks`] is, in ns. The same on every Linux that the agent runs on, but asked for all the same.
pub fn tick_ns() -> u64 {
    1_000_000_000 / rustix::param::clock_ticks_per_second().max(1)
}

impl From<&CpuTime> for CpuTicks {
    fn from(time: &CpuTime) -> Self {
        // Time of guests is in `user` and `nice` already.
        let parts = [
            Some(time.user),
            Some(time.nice),
            Some(time.system),
            time.irq,
            time.softirq,
            time.steal,
        ];
        let add = |sum: u64, part: u64| sum.saturating_add(part);
        Self {
            busy: parts.into_iter().flatten().fold(0, add),
            idle: time.idle.saturating_add(time.iowait.unwrap_or(0)),
        }
    }
}

/// Reads the text of `/proc/stat`: the CPUs that are online.
pub(super) fn parse(stat: &[u8]) -> Result<BTreeMap<CpuName, CpuTicks>, String> {
    // Only times in seconds would need these, and none is asked for.
    let system_info = ExplicitSystemInfo {
        boot_time_secs: 0,
        ticks_per_second: 100,
        page_size: 4096,
        is_little_endian: cfg!(target_endian = "little"),
    };
    let stats = KernelStats::from_buf_read(stat, &system_info).map_err(|error| error.to_string())?;
    // The crate gives the CPUs in their order but without their names, and a CPU that is offline has no line.
    let names = stat
        .split(|&byte| byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok()?.split(' ').next()?.parse().ok());
    let cpus: BTreeMap<_, _> = names.zip(stats.cpu_time.iter().map(CpuTicks::from)).collect();
    if cpus.is_empty() || cpus.len() != stats.cpu_time.len() {
        return Err("the lines of the CPUs are not named cpu0, cpu1 ...".to_owned());
    }
    Ok(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "\
cpu  100 0 0 0 0 0 0 0 0 0
cpu10 1 2 4 1000 500 8 16 32 64 128
cpu2 0 0 0 0 0 0 0 0 0 0
intr 1 2 3
ctxt 5
btime 6
processes 7
";

    #[test]
    fn cpus_are_named_as_the_kernel_names_them_and_ordered_by_number() {
        let cpus = parse(STAT.as_bytes()).unwrap();
        let names: Vec<_> = cpus.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["cpu2", "cpu10"]);
    }

    #[test]
    fn busy_is_all_but_idle_and_iowait_and_guests_are_not_counted_twice() {
        let cpus = parse(STAT.as_bytes()).unwrap();
        assert_eq!(
            cpus[&CpuName(10)],
            CpuTicks {
                busy: 1 + 2 + 4 + 8 + 16 + 32,
                idle: 1500,
            }
        );
    }

    #[test]
    fn what_is_no_stat_file_is_refused() {
        for text in [
            "",
            "cpu 1",
            "garbage",
            "cpu  1 0 0 0\nctxt 5\nbtime 6\nprocesses 7\n",
            "cpu  1 0 0 0\ncpux 1 0 0 0\nctxt 5\nbtime 6\nprocesses 7\n",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_map_by_cpu_is_written_with_their_names() {
        let map = BTreeMap::from([(CpuName(10), 1.5), (CpuName(2), 0.0)]);
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"cpu2":0.0,"cpu10":1.5}"#);
    }
}
