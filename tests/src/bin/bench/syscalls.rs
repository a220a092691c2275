//! System calls a tick, counted by strace.

use std::fs;
use std::time::Duration;

use agent_tests::command;
use anyhow::{Context as _, Result, ensure};

use crate::machine;
use crate::ours::Ours;
use crate::report::{Row, Table};
use crate::run::Run;

/// As many ticks: what is not done in every tick comes in too.
const QUICK_SECONDS: u16 = 10;
const SECONDS: u16 = 20;
/// How many kinds of calls are named.
const NAMED: usize = 6;

pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    let containers = run.fleet.len();
    let ours = Ours::start(run.docker, containers);
    run.stop.sleep(Duration::from_secs(3))?;
    let seconds = if run.quick { QUICK_SECONDS } else { SECONDS };
    let table = tempfile::NamedTempFile::new().context("making a file for strace")?;
    let path = table.path().display().to_string();
    let (seconds_text, pid) = (seconds.to_string(), ours.agent.pid.to_string());
    let words = [
        "timeout",
        "--signal=INT",
        &seconds_text,
        "strace",
        "-f",
        "-c",
        "-qq",
        "-o",
        &path,
        "-p",
        &pid,
    ];
    machine::has("strace")?;
    // its exit code tells that its time was over
    let done = command::attempt(&words);
    let text = fs::read_to_string(&path).context("reading what strace counted")?;
    let counts = counts(&text);
    ensure!(!counts.is_empty(), "strace counted nothing: {} {text}", done.stderr);
    let a_tick = |calls: u32| f64::from(calls) / f64::from(seconds);
    let names = counts
        .iter()
        .take(NAMED)
        .map(|(name, calls)| format!("{name} {:.1}", a_tick(*calls)));
    let names = names.collect::<Vec<_>>().join(", ");
    let all = a_tick(counts.iter().map(|(_, calls)| calls).sum());
    run.add(Table {
        id: "syscalls",
        title: "System calls a tick",
        how: "Counted by strace over 20 ticks at 1 Hz, all threads, nobody asking; the calls to Docker are among them. These are ticks of the \
              first minute, in which memory is looked at in each: one read of a container in which nothing ran, three of another, and of all at \
              every tenth. From then on they are read at every tenth only, unless somebody asks.",
        rows: vec![Row::counted(format!("{containers} idle ({names})"), "calls", all)],
    });
    Ok(())
}

/// Names and calls from strace's table, most first.
fn counts(table: &str) -> Vec<(String, u32)> {
    let mut counts: Vec<(String, u32)> = table.lines().filter_map(count).collect();
    counts.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    counts
}

/// `% time, seconds, usecs/call, calls, [errors,] syscall`
fn count(line: &str) -> Option<(String, u32)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.first()?.parse::<f64>().ok()?;
    let name = words.last().filter(|name| **name != "total")?;
    Some(((*name).to_owned(), words.get(3)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_with_and_without_errors() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n \
                     99.72    1.060002         104        21         3 epoll_wait\n  \
                     0.28    0.003000          30       100           pread64\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     100.00    1.063002         876       121         3 total\n";
        assert_eq!(
            counts(table),
            [("pread64".to_owned(), 100), ("epoll_wait".to_owned(), 21)]
        );
    }
}
