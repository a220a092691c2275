//! More threads than CPUs.

use agent_tests::accuracy::{Bound, Scenario};
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_for_idle_machine;

use super::whole::Whole;
use super::{CpuTime, SAMPLES, end_load, idle, lowest_and_highest, start_agent};

/// A tick's age of the account on each CPU, and the ticks of 10 ms by which the kernel tells what others had.
const BOTH_CPUS: [f64; 2] = [194.0, 206.0];

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn four_busy_threads_on_two_cpus_read_200_and_with_all_else_the_whole_machine() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let full = idle(&docker, "full", &["--cpuset-cpus", "0,1"]);
    wait_for_idle_machine();
    let before = CpuTime::settled(&agent, &full);
    full.exec_detached(&["spin", "--threads", "4", "--seconds", "60"]);
    agent.next_sample(&full.id);
    let whole = Whole::start(&agent, &[&full]);
    let samples = agent.samples_with_others(&full.id, &[0, 1], SAMPLES);
    let mut scenario = Scenario::new("22", "4 busy threads on 2 CPUs, 10 s");
    let [low, high] = BOTH_CPUS;
    let with_others: Vec<f64> = samples.iter().map(|(sample, others)| sample.cpu + others).collect();
    println!("{samples:?}");
    let what = "sample and what others had meanwhile";
    lowest_and_highest(&mut scenario, what, &with_others, Bound::Between(low, high));
    whole.show(&mut scenario, 0.5);
    end_load(&full);
    let sum = CpuTime::settled(&agent, &full).since(before);
    sum.show(&mut scenario, "sum");
    scenario.finish();
}
