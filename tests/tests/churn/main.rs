//! The agent under churn: containers made and removed as fast as the machine goes, beside others that stay.
//!
//! One minute of it is a test like any other; `cargo xtask churn` lets it run for an hour.

#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

mod churner;
mod flat;
mod steady;
mod watched;

use std::time::{Duration, Instant};

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;

use churner::Churner;
use flat::{Row, Seen, not_flat};
use steady::Steady;
use watched::seen;

/// How long it goes on, in seconds; `cargo xtask churn` sets it.
const SECONDS: &str = "BALANCER_CHURN_SECONDS";
const DEFAULT_SECONDS: u64 = 60;
/// What the first minutes hold is not yet the level: buffers grow to the size that they are needed in.
const LONGEST_WARM_UP: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A container a half second: less is no churn.
const LEAST_PER_SECOND: f64 = 2.0;
const GIVEN_BACK_DEADLINE: Duration = Duration::from_secs(30);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn memory_entries_and_files_stay_flat_and_totals_right_while_containers_come_and_go() {
    let seconds = std::env::var(SECONDS).map_or(DEFAULT_SECONDS, |text| text.parse().expect("a number of seconds"));
    let time = Duration::from_secs(seconds);
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let steady = Steady::start(&docker);
    steady.wait_until_shown(&agent);
    let before = seen(&agent, Instant::now(), 0);
    println!("{} containers stay; before: {before}", steady.len());

    let start = Instant::now();
    let mut all: Vec<Seen> = Vec::new();
    let created = Churner::during(&docker, steady.sink_address(), |churner| {
        let period = (time / 12).clamp(Duration::from_secs(5), Duration::from_mins(1));
        let mut row = Row::starting(period);
        println!("{}", Row::HEAD);
        while start.elapsed() < time {
            std::thread::sleep(LOOK_EVERY);
            let now = seen(&agent, start, churner.removed());
            all.push(now);
            if let Some(line) = row.take(now) {
                println!("{line}");
            }
        }
    });
    let per_second = agent_tests::figures::as_f64(created) / start.elapsed().as_secs_f64();
    println!("{created} containers made and removed, {per_second:.1} a second");

    let mut problems = not_flat(&all, (time / 4).min(LONGEST_WARM_UP));
    let after = wait_until(
        "what is kept of those removed to be given back",
        GIVEN_BACK_DEADLINE,
        || {
            let now = seen(&agent, start, created);
            let back = now.map_entries <= before.map_entries && now.open_files <= before.open_files;
            back.then_some(now).ok_or_else(|| now.to_string())
        },
    );
    println!("after: {after}");
    problems.extend(steady.end_and_compare(&agent));
    if per_second < LEAST_PER_SECOND {
        problems.push(format!("only {per_second:.1} containers a second came and went"));
    }
    let status = agent.get("/status").must_be(200).json();
    println!("{}", status["agent"]);
    if status["agent"]["lost_updates"] != 0 {
        problems.push(format!("updates were lost: {}", status["agent"]));
    }
    println!(
        "verdict: {}",
        if problems.is_empty() {
            "flat, and right"
        } else {
            "not so"
        }
    );
    assert!(problems.is_empty(), "{problems:#?}");
}
