//! A container that may not have all it could use, and one that wants nothing.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::programs::counted_cgroups;
use agent_tests::wait::wait_for_idle_machine;

use super::whole::Whole;
use super::{CpuTime, SAMPLES, each_sample, end_load, idle, record_account, seconds, start_agent};

/// Where the idle task is.
const ROOT_CGROUP_ID: u64 = 1;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn two_busy_threads_under_a_quota_of_half_a_cpu_read_50_and_an_idle_container_nothing() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let half = idle(&docker, "half", &["--cpus", "0.5"]);
    let nothing = idle(&docker, "nothing", &[]);
    wait_for_idle_machine();
    let before = CpuTime::settled(&agent, &half);
    half.exec_detached(&["spin", "--threads", "2", "--seconds", "60"]);
    agent.next_sample(&half.id);
    let whole = Whole::start(&agent, &[&half, &nothing]);
    let first = agent.sample(&half.id);
    let idle_before = agent.sample(&nothing.id).counters.cpu();
    let account = record_account(&half);
    let samples = agent.samples(&half.id, SAMPLES);
    // the last sample ends between two readings
    agent.next_sample(&half.id);
    let account = account.stop();
    let last = agent.sample(&half.id);
    let idle_after = agent.sample(&nothing.id).counters.cpu();

    let mut scenario = Scenario::new(
        "23",
        "2 busy threads under a quota of half a CPU, 10 s, beside an idle container",
    );
    each_sample(&mut scenario, &samples, &account);
    let elapsed_ns = (last.sampled_at_ms - first.sampled_at_ms) * 1_000_000;
    let share = 100.0 * seconds(last.counters.cpu() - first.counters.cpu()) / seconds(elapsed_ns);
    scenario.number("mean", share, Unit::Percent, Bound::Between(49.0, 51.0));
    let idle = seconds(idle_after - idle_before);
    scenario.number("idle container", idle, Unit::Seconds, Bound::AtMost(0.005));
    whole.show(&mut scenario, 1.0);
    let root = counted_cgroups(agent.pid)
        .into_iter()
        .filter(|id| *id == ROOT_CGROUP_ID);
    let what = "counters of the root cgroup, where the idle task is";
    scenario.counter(what, root.count() as u64, Unit::Count, Bound::Exactly(0.0));
    end_load(&half);
    let sum = CpuTime::settled(&agent, &half).since(before);
    sum.show(&mut scenario, "sum");
    scenario.finish();
}
