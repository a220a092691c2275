//! What the programs cost in the kernel, event by event, beside programs of the same type that do nothing.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use agent_tests::docker::Container;
use agent_tests::programs::{RunStatistics, statistics_of};
use agent_tests::{binaries, cgroup, command};
use anyhow::{Context as _, Result, ensure};

use crate::machine;
use crate::ours::Ours;
use crate::report::{Row, Table, Target};
use crate::run::{ROUNDS, Run};

/// Ours, the empty one of its type, and what it runs on.
type Pair = (&'static str, &'static str, &'static str);
/// Over the empty program.
const TARGET_NS: f64 = 60.0;
const PIPE_LOOPS: u32 = 200_000;
const DATAGRAMS: &str = "200000";
const DATAGRAMS_PER_S: &str = "200000";
/// Fewer say nothing about a program.
const FEWEST_EVENTS: u64 = 50_000;

pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    machine::has("perf")?;
    let ours = Ours::start(run.docker, run.fleet.len());
    let status = ours.agent.get("/status").json();
    let charge = match status["agent"]["cpu_account"].as_str() {
        Some("scheduler") => "charge_task",
        _ => "charge_cpu",
    };
    let pairs = [
        (charge, "empty_switch", "sched_switch"),
        ("count_ingress", "empty_ingress", "cgroup_skb, arriving"),
        ("count_egress", "empty_egress", "cgroup_skb, leaving"),
    ];
    let _empty = EmptyPrograms::attach(&cgroup::v2_root())?;
    let receiver = run.docker.run("bench-receiver", &[], &["udp-sink", "--port", "9000"]);
    let sender = run.docker.run("bench-sender", &[], &["sleep", "--seconds", "3600"]);
    let measured = rounds(run, pairs, &receiver, &sender);
    receiver.remove();
    sender.remove();
    run.add(Table {
        id: "programs",
        title: "Cost of the kernel programs",
        how: "The kernel's own run-time statistics, ns an event, over `perf bench sched pipe` on one CPU in a container, \
              and over 64-byte datagrams from one container to another. Empty: a program of the same type that does \
              nothing, attached in the same place at the same time.",
        rows: measured?,
    });
    Ok(())
}

fn rounds(run: &Run<'_>, pairs: [Pair; 3], receiver: &Container<'_>, sender: &Container<'_>) -> Result<Vec<Row>> {
    let to = format!("{}:9000", receiver.address());
    let sender_dir = cgroup::v2_dir(&sender.id);
    let mut costs: [(Vec<f64>, Vec<f64>); 3] = Default::default();
    // the first round finds cold caches
    for round in 0..=ROUNDS {
        run.stop.check()?;
        let kept =
            aya::sys::enable_stats(aya::sys::Stats::RunTime).context("the kernel keeps no run-time statistics")?;
        let before = snapshot(&pairs);
        pipe(&sender_dir, PIPE_LOOPS);
        sender.exec(&[
            "udp-send",
            "--to",
            &to,
            "--count",
            DATAGRAMS,
            "--size",
            "64",
            "--rate",
            DATAGRAMS_PER_S,
        ]);
        let after = snapshot(&pairs);
        drop(kept);
        if round == 0 {
            continue;
        }
        for ((ours, empty, event), costs) in pairs.iter().zip(&mut costs) {
            costs
                .0
                .push(ns_an_event(&before, &after, ours).with_context(|| (*event).to_owned())?);
            costs
                .1
                .push(ns_an_event(&before, &after, empty).with_context(|| (*event).to_owned())?);
        }
    }
    let mut rows = Vec::new();
    for ((_, _, event), (ours, empty)) in pairs.iter().zip(costs) {
        let over: Vec<f64> = ours.iter().zip(&empty).map(|(ours, empty)| ours - empty).collect();
        rows.push(Row::new(format!("{event}, as the kernel tells it"), "ns", &ours).reference("empty program", &empty));
        rows.push(Row::new(format!("{event}, over the empty program"), "ns", &over).target(Target::AtMost(TARGET_NS)));
    }
    Ok(rows)
}

/// Two processes of one cgroup that wake each other: the most switches that one CPU can do. In us, there and back.
pub(crate) fn pipe(cgroup: &Path, loops: u32) -> f64 {
    let count = loops.to_string();
    let join = format!("echo $$ > '{}/cgroup.procs' && exec \"$@\"", cgroup.display());
    let words = [
        "sh",
        "-c",
        &join,
        "sh",
        "taskset",
        "--cpu-list",
        "0",
        "perf",
        "bench",
        "--format",
        "simple",
    ];
    let seconds = command::run(&[&words[..], &["sched", "pipe", "--loop", &count]].concat());
    seconds
        .parse()
        .map_or(f64::NAN, |seconds: f64| seconds / f64::from(loops) * 1e6)
}

fn snapshot(pairs: &[Pair]) -> Vec<RunStatistics> {
    let names: Vec<&str> = pairs.iter().flat_map(|(ours, empty, _)| [*ours, *empty]).collect();
    statistics_of(&names)
}

fn ns_an_event(before: &[RunStatistics], after: &[RunStatistics], name: &str) -> Result<f64> {
    let (mut ns, mut events) = (0, 0);
    for program in after.iter().filter(|program| program.name == name) {
        let earlier = before.iter().find(|earlier| earlier.id == program.id);
        let earlier = earlier.with_context(|| format!("{name} was loaded meanwhile"))?;
        ns += program.run_time_ns - earlier.run_time_ns;
        events += program.runs - earlier.runs;
    }
    ensure!(events >= FEWEST_EVENTS, "{name} ran {events} times only");
    #[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 52 bits")]
    Ok(ns as f64 / events as f64)
}

/// Programs that do nothing, attached until dropped.
struct EmptyPrograms(Child);

impl EmptyPrograms {
    fn attach(v2_root: &Path) -> Result<Self> {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(binaries::reference_programs())
            .arg(v2_root);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut programs = Self(command.spawn().context("starting the empty programs")?);
        let output = programs.0.stdout.take().context("its output is a pipe")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .context("waiting for the empty programs")?;
        ensure!(
            line.trim() == "attached",
            "the empty programs were not attached: {line:?}"
        );
        Ok(programs)
    }
}

impl Drop for EmptyPrograms {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(id: u32, run_time_ns: u64, runs: u64) -> RunStatistics {
        RunStatistics {
            id,
            name: "x".to_owned(),
            run_time_ns,
            runs,
        }
    }

    #[test]
    fn cost_is_that_of_the_events_in_between() {
        let (before, after) = ([program(1, 500, 1)], [program(1, 10_000_500, 100_001)]);
        assert!((ns_an_event(&before, &after, "x").unwrap() - 100.0).abs() < 1e-9);
        assert!(
            ns_an_event(&before, &[program(1, 700, 3)], "x").is_err(),
            "too few events"
        );
        assert!(ns_an_event(&[], &after, "x").is_err(), "it was not there before");
        assert!(ns_an_event(&before, &after, "y").is_err(), "no such program");
    }
}
