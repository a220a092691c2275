//! A task that never gives up its CPU.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::{as_f64, cpu_of};
use agent_tests::sample::Sample;
use agent_tests::wait::wait_for_idle_machine;

use super::{CpuTime, SAMPLES, end_load, idle, start_agent, start_with};

/// 15 ms in a second.
const ONE_CPU: [f64; 2] = [98.5, 101.5];
const ITS_CPU: u32 = 1;
const SPIN: [&str; 5] = ["spin", "--threads", "1", "--seconds", "60"];
/// Enough to see that they are off.
const SAMPLES_WITHOUT_THE_FLUSH: usize = 5;

/// The program on `sched_switch` sees a task only when it leaves its CPU, which a lone one hardly ever does.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn one_busy_thread_reads_100_in_every_sample_and_does_not_when_running_tasks_are_not_flushed() {
    let docker = PrivateDocker::start();
    let busy = idle(&docker, "busy", &["--cpuset-cpus", &ITS_CPU.to_string()]);
    let agent = start_agent(&docker);
    wait_for_idle_machine();
    let before = CpuTime::settled(&agent, &busy);
    busy.exec_detached(&SPIN);
    let samples = agent.samples_with_others(&busy.id, &[ITS_CPU], SAMPLES);
    end_load(&busy);
    let sum = CpuTime::settled(&agent, &busy).since(before);
    let mut scenario = Scenario::new("21", "a busy thread on a CPU of its own, 10 s");
    let [low, high] = ONE_CPU;
    println!("{samples:?}");
    let lowest = |of: fn(&(Sample, f64)) -> f64| samples.iter().map(of).fold(f64::MAX, f64::min);
    scenario.number(
        "lowest sample, with what others and a hypervisor had of its CPU",
        lowest(|(sample, others)| sample.cpu + others),
        Unit::Percent,
        Bound::AtLeast(low),
    );
    scenario.number(
        "lowest sample",
        lowest(|(sample, _)| sample.cpu),
        Unit::Percent,
        Bound::Told,
    );
    let highest = samples.iter().map(|(sample, _)| sample.cpu).fold(0.0, f64::max);
    scenario.number("highest sample", highest, Unit::Percent, Bound::AtMost(high));
    sum.show(&mut scenario, "sum");
    scenario.finish();
    drop(agent);

    let agent = start_with(&docker, &["--fault", "no-flush"]);
    busy.exec_detached(&SPIN);
    let figures = cpu_of(&agent.samples(&busy.id, SAMPLES_WITHOUT_THE_FLUSH));
    println!("without the flush: {figures:?}");
    let right = figures.iter().filter(|figure| (low..=high).contains(figure)).count();
    let mut scenario = Scenario::new(
        "21b",
        "the same when running tasks are not charged before a sample, 5 s",
    );
    scenario.counter("samples that are right", right as u64, Unit::Count, Bound::AtMost(4.0));
    scenario.number(
        "mean",
        figures.iter().sum::<f64>() / as_f64(figures.len() as u64),
        Unit::Percent,
        Bound::Told,
    );
    scenario.finish();
}
