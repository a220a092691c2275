//! What watching costs: CPU and memory of the agent and of peers, by the number of containers.

use std::time::Duration;

use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_for_idle_machine;
use anyhow::Result;

use crate::meter::{Meter, Windows, windows};
use crate::ours::Ours;
use crate::peers::Name;
use crate::peers::cadvisor::Cadvisor;
use crate::peers::docker_stats::DockerStats;
use crate::peers::netdata::Netdata;
use crate::report::{Row, Table, Target};
use crate::run::{ROUNDS, Run};
use crate::statistics::{Figure, slope};

/// Time for a program that was just started to come to its rhythm.
const SETTLE: Duration = Duration::from_secs(6);

const HOW: &str = "All watch the same containers at 1 Hz; every window reads the agent and one peer at the same moments, one peer at a \
                   time. Busy: every fifth container uses half a percent of a CPU and sends ten datagrams a second. `docker stats`: dockerd \
                   and containerd, less what they use at rest. netdata: with the plugins of its package.";

/// Medians of the agent alone, by containers: the slope is told from them.
#[derive(Debug, Default)]
pub(crate) struct Points {
    cpu_percent: Vec<(f64, f64)>,
    rss_mb: Vec<(f64, f64)>,
}

/// One peer over the windows: what it used, and what the agent used meanwhile.
struct Beside {
    name: &'static str,
    ours: Windows,
    theirs: Windows,
}

/// The agent alone, the engine at rest, and each peer beside the agent.
struct Step {
    alone: Windows,
    peers: Vec<Beside>,
}

pub(crate) fn measure(run: &mut Run<'_>, points: &mut Points) -> Result<()> {
    let containers = run.fleet.len();
    let ours = Ours::start(run.docker, containers);
    run.stop.sleep(SETTLE)?;
    wait_for_idle_machine();
    run.say("the agent beside idle containers");
    let idle = step(run, &ours, false)?;
    run.say("the agent beside busy containers");
    let busy = {
        let _busy = run.fleet.busy();
        run.stop.sleep(SETTLE / 2)?;
        step(run, &ours, true)?
    };
    ours.has_counted_all()?;
    #[expect(clippy::cast_precision_loss, reason = "at most some thousands")]
    let count = containers as f64;
    let point = |runs: &[f64]| Figure::of(runs).map(|figure| (count, figure.median));
    points.cpu_percent.extend(point(&idle.alone.cpu_percent));
    points.rss_mb.extend(point(&idle.alone.rss_mb));
    let (cpu_target, rss_target) = targets(containers);
    let cpu = |step: &Step, load: &str| {
        row(step, format!("CPU, {containers} {load}"), "%", |windows| {
            &windows.cpu_percent
        })
    };
    let rss = row(&idle, format!("RSS, {containers}"), "MB", |windows| &windows.rss_mb);
    let anonymous = row(&idle, format!("RSS, {containers}, of it anonymous"), "MB", |windows| {
        &windows.anonymous_mb
    });
    let with = |row: Row, target: Option<f64>| match target {
        Some(limit) => row.target(Target::AtMost(limit)),
        None => row,
    };
    run.add(Table {
        id: "cost",
        title: "Cost of watching",
        how: HOW,
        rows: vec![
            with(cpu(&idle, "idle"), cpu_target),
            cpu(&busy, "of them 20 % busy"),
            with(rss, rss_target),
            anonymous,
        ],
    });
    Ok(())
}

/// What each container more costs, over all steps.
pub(crate) fn tell_slope(run: &mut Run<'_>, points: &Points) {
    /// A percent of a CPU, in us a second.
    const PERCENT_US: f64 = 10_000.0;
    let (Some(cpu), Some(rss)) = (slope(&points.cpu_percent), slope(&points.rss_mb)) else {
        return;
    };
    let rows = vec![
        Row::counted("CPU, each container more", "us/s", cpu * PERCENT_US).target(Target::AtMost(20.0)),
        Row::counted("RSS, each container more", "kB", rss * 1000.0),
    ];
    run.add(Table {
        id: "cost",
        title: "",
        how: "",
        rows,
    });
}

/// Percent of a CPU, and MB.
fn targets(containers: usize) -> (Option<f64>, Option<f64>) {
    match containers {
        50 => (Some(0.2), Some(12.0)),
        500 => (Some(1.0), Some(25.0)),
        _ => (None, None),
    }
}

fn step(run: &mut Run<'_>, ours: &Ours, busy: bool) -> Result<Step> {
    let window = if busy { run.peer_window() } else { run.window() };
    let [alone, at_rest] = windows([&ours.cgroup, run.docker], ROUNDS, window, &run.stop)?;
    let mut peers = Vec::new();
    peers.extend(docker_stats(run, ours, &at_rest)?);
    if run.all_peers && !busy {
        peers.extend(cadvisor(run, ours)?);
        peers.extend(netdata(run, ours)?);
    }
    Ok(Step { alone, peers })
}

fn beside(run: &Run<'_>, ours: &Ours, name: &'static str, theirs: &dyn Meter) -> Result<Beside> {
    run.say(&format!("{name} beside it"));
    run.stop.sleep(SETTLE)?;
    let [ours, theirs] = windows([&ours.cgroup, theirs], ROUNDS, run.peer_window(), &run.stop)?;
    Ok(Beside { name, ours, theirs })
}

fn docker_stats(run: &mut Run<'_>, ours: &Ours, at_rest: &Windows) -> Result<Option<Beside>> {
    let docker: &PrivateDocker = run.docker;
    let Some(_client) = run.peer(Name::DockerStats, |_| DockerStats::start(docker)) else {
        return Ok(None);
    };
    let mut beside = beside(run, ours, "docker stats", docker)?;
    let rest = Figure::of(&at_rest.cpu_percent).map_or(0.0, |figure| figure.median);
    for cpu in &mut beside.theirs.cpu_percent {
        *cpu = (*cpu - rest).max(0.0);
    }
    Ok(Some(beside))
}

fn cadvisor(run: &mut Run<'_>, ours: &Ours) -> Result<Vec<Beside>> {
    let (docker, containers) = (run.docker, run.fleet.len());
    let Some(cadvisor) = run.peer(Name::Cadvisor, |peers| Cadvisor::start(peers, docker, containers)) else {
        return Ok(Vec::new());
    };
    let default = beside(run, ours, "cAdvisor", &cadvisor.cgroup)?;
    let _scraped = cadvisor.scraped();
    Ok(vec![
        default,
        beside(run, ours, "cAdvisor scraped at 1 Hz", &cadvisor.cgroup)?,
    ])
}

fn netdata(run: &mut Run<'_>, ours: &Ours) -> Result<Option<Beside>> {
    let containers = run.fleet.len();
    let Some(netdata) = run.peer(Name::Netdata, |peers| Netdata::start(peers, containers)) else {
        return Ok(None);
    };
    beside(run, ours, "netdata", &netdata.cgroup).map(Some)
}

fn row(step: &Step, what: String, unit: &'static str, part: fn(&Windows) -> &Vec<f64>) -> Row {
    let row = Row::new(what, unit, part(&step.alone));
    step.peers.iter().fold(row, |row, beside| {
        row.peer(beside.name, part(&beside.theirs), part(&beside.ours))
    })
}
