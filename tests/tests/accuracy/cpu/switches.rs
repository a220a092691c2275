//! As many task switches as a CPU makes.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
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
    let (mut off, mut on, mut last) = (Vec::new(), Vec::new(), None);
    for round in 0..ROUNDS {
        // in turns, so that what else changes on the machine meets both
        if round % 2 == 0 {
            off.push(rounds_a_second(&container));
        }
        drop(last.take());
        let agent = start_agent(&docker);
        let before = CpuTime::settled(&agent, &container);
        on.push(rounds_a_second(&container));
        last = Some((agent, before));
        if round % 2 == 1 {
            drop(last.take());
            off.push(rounds_a_second(&container));
        }
    }
    println!("off {off:?}, on {on:?}");
    let (agent, before): (Agent, CpuTime) = last.expect("the last round ends with the agent");
    let sum = CpuTime::settled(&agent, &container).since(before);
    let mut scenario = Scenario::new("24", "2 threads on one CPU that wake each other through pipes");
    sum.show(&mut scenario, "sum");
    let (off, on) = (median(off), median(on));
    scenario.number("round trips a second without the agent", off, Unit::Count, Bound::Told);
    scenario.number("with it", on, Unit::Count, Bound::Told);
    scenario.number("fewer with it", 100.0 * (1.0 - on / off), Unit::Percent, Bound::Told);
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
