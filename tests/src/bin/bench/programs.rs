//! What the programs cost in the kernel, event by event, beside programs of the same type that do nothing, and beside such
//! that do the least by which a packet can be told to a cgroup.
//!
//! Programs of one place run one behind the other, and the first finds colder caches: each has each place in its turn, and a cost
//! is the mean over the places.

mod reference;

use std::path::Path;

use agent_tests::docker::Container;
use agent_tests::programs::{RunStatistics, statistics_of};
use agent_tests::{cgroup, command};
use anyhow::{Context as _, Result, ensure};

use crate::machine;
use crate::ours::Ours;
use crate::report::{Row, Table, Target};
use crate::run::{ROUNDS, Run};
use reference::{Reference, ReferencePrograms};

/// Programs of one event by their names.
struct Event {
    what: &'static str,
    ours: &'static str,
    empty: &'static str,
    least: Option<&'static str>,
}

/// What they cost in each round, in ns an event.
#[derive(Default)]
struct Costs {
    ours: Vec<f64>,
    empty: Vec<f64>,
    least: Vec<f64>,
}

/// Over the empty program.
const TARGET_NS: f64 = 60.0;
const PIPE_LOOPS: u32 = 200_000;
const DATAGRAMS: &str = "200000";
const DATAGRAMS_PER_S: &str = "200000";
/// Fewer say nothing about a program.
const FEWEST_EVENTS: u64 = 50_000;
/// The sender and the receiver.
const OWN_CONTAINERS: usize = 2;

pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    machine::has("perf")?;
    let receiver = run.docker.run("bench-receiver", &[], &["udp-sink", "--port", "9000"]);
    let sender = run.docker.run("bench-sender", &[], &["sleep", "--seconds", "3600"]);
    let measured = all_orders(run, &receiver, &sender);
    receiver.remove();
    sender.remove();
    run.add(Table {
        id: "programs",
        title: "Cost of the kernel programs",
        how: "The kernel's own run-time statistics, ns an event, over `perf bench sched pipe` on one CPU in a container, \
              and over 64-byte datagrams from one container to another. Empty: a program of the same type that does \
              nothing, attached in the same place at the same time. Least: one that only asks whose the packet is and adds \
              its length and 1. The first program to run finds colder caches than those behind it: each is the first, the second and \
              the last in turns, and a cost is the mean of the three. Of the two at sched_switch ours is the first two times of three.",
        rows: measured?,
    });
    Ok(())
}

/// A Latin square: each program has each place once.
fn all_orders(run: &Run<'_>, receiver: &Container<'_>, sender: &Container<'_>) -> Result<Vec<Row>> {
    let start = || Ours::start(run.docker, run.fleet.len() + OWN_CONTAINERS);
    let attach = |which| ReferencePrograms::attach(&cgroup::v2_root(), which);
    let (events, first) = {
        let ours = start();
        let _second = attach(Reference::Empty)?;
        let _third = attach(Reference::Least)?;
        let events = events(&ours);
        let costs = rounds(run, &events, receiver, sender)?;
        (events, costs)
    };
    let second = {
        let _first = attach(Reference::Least)?;
        let _ours = start();
        let _third = attach(Reference::Empty)?;
        rounds(run, &events, receiver, sender)?
    };
    let third = {
        let _first = attach(Reference::Empty)?;
        let _second = attach(Reference::Least)?;
        let _ours = start();
        rounds(run, &events, receiver, sender)?
    };
    let rows = events
        .iter()
        .enumerate()
        .flat_map(|(at, event)| rows(event, [&first[at], &second[at], &third[at]]));
    Ok(rows.collect())
}

fn events(ours: &Ours) -> [Event; 3] {
    let status = ours.agent.get("/status").json();
    let charge = match status["agent"]["cpu_account"].as_str() {
        Some("scheduler") => "charge_task",
        _ => "charge_cpu",
    };
    [
        Event {
            what: "sched_switch",
            ours: charge,
            empty: "empty_switch",
            least: None,
        },
        Event {
            what: "cgroup_skb, arriving",
            ours: "count_ingress",
            empty: "empty_ingress",
            least: Some("least_ingress"),
        },
        Event {
            what: "cgroup_skb, leaving",
            ours: "count_egress",
            empty: "empty_egress",
            least: Some("least_egress"),
        },
    ]
}

fn rounds(run: &Run<'_>, events: &[Event; 3], receiver: &Container<'_>, sender: &Container<'_>) -> Result<[Costs; 3]> {
    let to = format!("{}:9000", receiver.address());
    let sender_dir = cgroup::v2_dir(&sender.id);
    let mut costs: [Costs; 3] = Default::default();
    // the first round finds cold caches
    for round in 0..=ROUNDS {
        run.stop.check()?;
        let kept =
            aya::sys::enable_stats(aya::sys::Stats::RunTime).context("the kernel keeps no run-time statistics")?;
        let before = snapshot(events);
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
        let after = snapshot(events);
        drop(kept);
        if round == 0 {
            continue;
        }
        for (event, costs) in events.iter().zip(&mut costs) {
            let cost = |name| ns_an_event(&before, &after, name).context(event.what);
            costs.ours.push(cost(event.ours)?);
            costs.empty.push(cost(event.empty)?);
            costs.least.extend(event.least.map(cost).transpose()?);
        }
    }
    Ok(costs)
}

/// `costs` by the place of ours.
fn rows(event: &Event, costs: [&Costs; 3]) -> Vec<Row> {
    let what = event.what;
    let ours = mean(costs.map(|costs| &costs.ours));
    let empty = mean(costs.map(|costs| &costs.empty));
    let mut over_empty = Row::new(format!("{what}, over the empty program"), "ns", &over(&ours, &empty))
        .target(Target::AtMost(TARGET_NS));
    if event.least.is_some() {
        let least = mean(costs.map(|costs| &costs.least));
        over_empty = over_empty.reference("least program", &over(&least, &empty));
    }
    vec![
        Row::new(format!("{what}, as the kernel tells it"), "ns", &ours).reference("empty program", &empty),
        Row::new(
            format!("{what}, as the kernel tells it, where it is the first"),
            "ns",
            &costs[0].ours,
        ),
        over_empty,
    ]
}

fn over(costs: &[f64], empty: &[f64]) -> Vec<f64> {
    costs.iter().zip(empty).map(|(cost, empty)| cost - empty).collect()
}

/// Of the rounds with one number, in each of the three orders.
fn mean(orders: [&Vec<f64>; 3]) -> Vec<f64> {
    let [one, two, three] = orders;
    let rounds = one.iter().zip(two).zip(three);
    rounds.map(|((one, two), three)| (one + two + three) / 3.0).collect()
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

fn snapshot(events: &[Event]) -> Vec<RunStatistics> {
    let of_each = events
        .iter()
        .flat_map(|event| [Some(event.ours), Some(event.empty), event.least]);
    let names: Vec<&str> = of_each.flatten().collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_the_mean_over_the_places() {
        // whoever is first pays 15 for cold caches; ours costs 40 more than the empty one, the least 25
        let [ours, empty, least] = [115.0, 75.0, 100.0].map(|cost| [[cost + 15.0], [cost], [cost]].map(Vec::from));
        let of = |all: &[Vec<f64>; 3], order: [usize; 3]| order.map(|place| all[place].clone());
        let (ours, empty, least) = (of(&ours, [0, 1, 2]), of(&empty, [1, 2, 0]), of(&least, [2, 0, 1]));
        let mean_of = |[one, two, three]: &[Vec<f64>; 3]| mean([one, two, three]);
        let empty = mean_of(&empty);
        assert!((over(&mean_of(&ours), &empty)[0] - 40.0).abs() < 1e-9);
        assert!((over(&mean_of(&least), &empty)[0] - 25.0).abs() < 1e-9);
    }

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
