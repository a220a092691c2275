//! CPU time: what a container used, in every sample and in sum.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_for_idle_machine;

use agent_tests::figures::{Stolen, Within, assert_cpu, assert_cpu_total, cpu_of};

const SAMPLES: usize = 10;
/// Of one CPU, where the container leaves one to the others.
const MOST_OTHERS_PERCENT: f64 = 20.0;
const ONE_CPU: Within = Within { of: 100.0, by: 3.0 };

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn one_busy_thread_reads_100_in_every_sample() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    wait_for_idle_machine();
    let busy = docker.run("busy", &[], &["spin", "--threads", "1", "--seconds", "60"]);
    assert_cpu(&agent.samples_alone(&busy.id, SAMPLES, MOST_OTHERS_PERCENT), ONE_CPU);
}

/// The program on `sched_switch` sees a task only when it leaves its CPU, which a lone one hardly ever does.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn one_busy_thread_does_not_read_100_when_running_tasks_are_not_flushed() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--fault", "no-flush"])
        .start();
    wait_for_idle_machine();
    let busy = docker.run("busy", &[], &["spin", "--threads", "1", "--seconds", "60"]);
    let figures = cpu_of(&agent.samples(&busy.id, SAMPLES));
    println!("without the flush: {figures:?}");
    assert!(!figures.iter().all(|figure| ONE_CPU.holds(*figure)), "{figures:?}");
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn two_busy_threads_under_a_quota_of_half_a_cpu_read_50() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    wait_for_idle_machine();
    let stolen = Stolen::start();
    let idle = docker.run("half", &["--cpus", "0.5"], &["sleep", "--seconds", "120"]);
    idle.exec_detached(&["spin", "--threads", "2", "--seconds", "24"]);
    assert_cpu(
        &agent.samples_alone(&idle.id, SAMPLES, MOST_OTHERS_PERCENT),
        Within { of: 50.0, by: 3.0 },
    );
    let total_ns = agent.settled_cpu(&idle.id).counters.cpu();
    assert_cpu_total(&idle.id, total_ns, &stolen);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn four_busy_threads_on_two_cpus_read_200() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    wait_for_idle_machine();
    let stolen = Stolen::start();
    let idle = docker.run("full", &["--cpuset-cpus", "0,1"], &["sleep", "--seconds", "120"]);
    idle.exec_detached(&["spin", "--threads", "4", "--seconds", "24"]);
    // what others have, and a tick's age of the account on each CPU, have to fit into the bound
    let samples = agent.samples_alone(&idle.id, SAMPLES, 3.0);
    assert_cpu(&samples, Within { of: 200.0, by: 6.0 });
    let total_ns = agent.settled_cpu(&idle.id).counters.cpu();
    assert_cpu_total(&idle.id, total_ns, &stolen);
}
