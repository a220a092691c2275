//! How soon there are figures: of a container that has just started, and after the agent's own start.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::wait::wait_until;
use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;

use crate::ours::Ours;
use crate::report::{Row, Table, Target};
use crate::run::{ROUNDS, Run};
use crate::statistics::percentile;

/// More at a time would measure how long Docker's queue is.
const STARTERS: usize = 2;
const FIGURES_DEADLINE: Duration = Duration::from_secs(20);
const INTERVAL_MS: f64 = 1000.0;
const READY_MS: f64 = 300.0;

/// From Docker's own account of a container's start to the first answer that has figures.
pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    let ours = Ours::start(run.docker, run.fleet.len());
    let count = if run.quick { 20 } else { 100 };
    let next = AtomicUsize::new(0);
    let delays = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..STARTERS {
            scope.spawn(|| {
                while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|next| *next < count) {
                    if run.stop.check().is_err() {
                        return;
                    }
                    let delay = delay_of_one(run.docker, &ours.agent, number);
                    delays
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push(delay);
                }
            });
        }
    });
    run.stop.check()?;
    let delays = delays.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let delays: Vec<f64> = delays.into_iter().collect::<Result<_>>()?;
    ensure!(
        delays.len() == count,
        "{} of {count} containers had figures",
        delays.len()
    );
    let row = |name: &str, percent: f64| {
        let value = percentile(&delays, percent).unwrap_or(f64::NAN);
        Row::counted(
            format!("container's start to its figures, {name} of {count}"),
            "ms",
            value,
        )
    };
    add(
        run,
        vec![
            row("p50", 50.0),
            row("p99", 99.0).target(Target::AtMost(2.0 * INTERVAL_MS)),
        ],
    );
    Ok(())
}

/// In ms. The container is gone after it.
fn delay_of_one(docker: &PrivateDocker, agent: &Agent, number: usize) -> Result<f64> {
    let container = docker.run(&format!("bench-fresh-{number}"), &[], &["sleep", "--seconds", "600"]);
    let path = format!("/container/{}/status", container.id);
    wait_until("figures of a fresh container", FIGURES_DEADLINE, || {
        let reply = agent.get(&path);
        (reply.status == 200)
            .then_some(())
            .ok_or_else(|| format!("{} {}", reply.status, reply.body))
    });
    let shown = Timestamp::now();
    let started = started_at(&container)?;
    container.remove();
    Ok(shown.duration_since(started).as_secs_f64() * 1000.0)
}

fn started_at(container: &Container<'_>) -> Result<Timestamp> {
    let value = container.inspect("/State/StartedAt");
    let text = value.as_str().context("Docker tells no time of start")?;
    text.parse().with_context(|| format!("Docker's time of start: {text}"))
}

/// From the agent's start to its first full answers.
pub(crate) fn measure_ready(run: &mut Run<'_>) -> Result<()> {
    let containers = run.fleet.len();
    let id = run.fleet.ids().pop().context("a container to ask for")?;
    let (mut node, mut container) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        run.stop.check()?;
        let start = Instant::now();
        let agent = AgentCommand::for_docker(&run.docker.url()).start_without_waiting();
        node.push(answered_after_ms(&agent, "/status", start)?);
        container.push(answered_after_ms(&agent, &format!("/container/{id}/status"), start)?);
    }
    let limit = Target::AtMost(READY_MS + INTERVAL_MS);
    let row =
        |what: &str, runs: &[f64]| Row::new(format!("agent's start to {what}, {containers} containers"), "ms", runs);
    let node = row("GET /status", &node);
    let node = if containers == 50 { node.target(limit) } else { node };
    add(run, vec![node, row("a container's figures", &container)]);
    Ok(())
}

fn answered_after_ms(agent: &Agent, path: &str, start: Instant) -> Result<f64> {
    const LOOK_EVERY: Duration = Duration::from_millis(2);
    while start.elapsed() < FIGURES_DEADLINE {
        if agent.try_get(path).is_ok_and(|reply| reply.status == 200) {
            return Ok(start.elapsed().as_secs_f64() * 1000.0);
        }
        thread::sleep(LOOK_EVERY);
    }
    anyhow::bail!(
        "GET {path} had no figures after {FIGURES_DEADLINE:?}; the agent's log:\n{}",
        agent.log()
    )
}

fn add(run: &mut Run<'_>, rows: Vec<Row>) {
    run.add(Table {
        id: "freshness",
        title: "Time to figures",
        how: "A container: from the time of its start, as Docker tells it, to the first answer with figures, two containers at a \
              time. The agent: from its start as a process to the first answer with figures. An interval is 1,000 ms.",
        rows,
    });
}
