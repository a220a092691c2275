//! As many task switches as a CPU makes.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::wait::wait_for_idle_machine;

use super::{CpuTime, idle, start_agent};

const ROUNDS: usize = 3;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn tasks_that_wake_each_other_all_the_time_are_counted_in_full() {
    let docker = PrivateDocker::start();
    let container = idle(&docker, "switching", &["--cpuset-cpus", "1"]);
    wait_for_idle_machine();
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS - 1 {
        // in turns, so that what else changes on the machine meets both
        off.push(rounds_a_second(&container));
        let _agent = start_agent(&docker);
        on.push(rounds_a_second(&container));
    }
    off.push(rounds_a_second(&container));
    let agent = start_agent(&docker);
    let before = CpuTime::settled(&agent, &container);
    on.push(rounds_a_second(&container));
    let sum = CpuTime::settled(&agent, &container).since(before);
    println!("off {off:?}, on {on:?}");
    let mut scenario = Scenario::new("24", "2 threads on one CPU that wake each other through pipes");
    sum.show(&mut scenario, "sum");
    let fewer = off.iter().zip(&on).map(|(off, on)| 100.0 * (1.0 - on / off)).collect();
    for (what, unit, figures) in [
        ("round trips a second without the agent", Unit::Count, off),
        ("with it", Unit::Count, on),
        ("fewer with it", Unit::Percent, fewer),
    ] {
        scenario.number(&format!("{what}, median"), median(figures), unit, Bound::Told);
    }
    scenario.finish();
}

#[track_caller]
fn rounds_a_second(container: &Container<'_>) -> f64 {
    let said = container.exec(&["ping-pong", "--seconds", "1"]);
    said.parse().expect("the workload says a number")
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
