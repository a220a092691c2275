//! A busy process that changes its cgroup.

use std::thread;
use std::time::{Duration, Instant};

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
use agent_tests::cgroup;
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::as_f64;
use agent_tests::machine::wall_ns;
use agent_tests::wait::{wait_for_idle_machine, wait_until};

use super::{CpuTime, guests_of, idle, start_quick_agent};

const SPIN: [&str; 5] = ["spin", "--threads", "1", "--seconds", "5"];
const MOVE_EVERY: Duration = Duration::from_millis(100);
/// The process has a second left then.
const LAST_MOVE: Duration = Duration::from_secs(4);
const DEADLINE: Duration = Duration::from_secs(15);
/// By how much the scheduler's account of a running thread may be behind, in seconds: a tick of the slowest kernels.
const TICK: f64 = 0.01;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_busy_process_that_moves_between_cgroups_is_counted_in_full() {
    let docker = PrivateDocker::start();
    let agent = start_quick_agent(&docker);
    let (first, second) = (idle(&docker, "first", &[]), idle(&docker, "second", &[]));
    wait_for_idle_machine();

    let [left, entered] = spin(&agent, [&first, &second], |pid, start| {
        let mut moves = 0;
        while start.elapsed() < LAST_MOVE {
            // the pace of the scenario, not a wait
            thread::sleep(MOVE_EVERY);
            moves += 1;
            cgroup::move_into(&[&first, &second][moves % 2].id, pid);
        }
        println!("{moves} moves");
    });
    let mut scenario = Scenario::new(
        "26",
        "a busy process moves to and fro between two containers every 100 ms, 5 s",
    );
    left.and(entered).show(&mut scenario, "both together");
    scenario.number("the first", left.ours, Unit::Seconds, Bound::Told);
    scenario.number("the first, by cpu.stat", left.kernel, Unit::Seconds, Bound::Told);
    scenario.finish();

    let mut longest_ms = 0;
    let [left, entered] = spin(&agent, [&first, &second], |pid, _| {
        // well into its time, and anywhere between two looks of the agent
        thread::sleep(LAST_MOVE / 2);
        let mut sample = agent.sample(&first.id);
        cgroup::move_into(&second.id, pid);
        let moved_at_ms = wall_ns() / 1_000_000;
        while sample.sampled_at_ms <= moved_at_ms {
            let next = agent.sample_after(&first.id, &sample);
            longest_ms = longest_ms.max(next.sampled_at_ms - sample.sampled_at_ms);
            sample = next;
        }
    });
    let mut scenario = Scenario::new("26b", "a busy process moves once from a container to another");
    left.and(entered).show(&mut scenario, "both together");
    left.tell(&mut scenario, "the first");
    entered.tell(&mut scenario, "the second");
    let longest = as_f64(longest_ms) / 1e3;
    let astray = left.more_than_the_kernel().max(entered.more_than_the_kernel());
    let mut number = |what, figure, bound| scenario.number(what, figure, Unit::Seconds, bound);
    number("charged to the other of the two", astray, Bound::Told);
    number("between the samples before and after the move", longest, Bound::Told);
    let beyond = (astray - longest).max(0.0);
    number("charged to the other beyond that", beyond, Bound::AtMost(TICK));
    scenario.finish();
}

/// What each of the two got while a process that starts in the first spins; `moving` gets its id.
#[track_caller]
fn spin(agent: &Agent, both: [&Container<'_>; 2], moving: impl FnOnce(u32, Instant)) -> [CpuTime; 2] {
    let before = both.map(|container| CpuTime::settled(agent, container));
    both[0].exec_detached(&SPIN);
    let pid = wait_until("the process to start", DEADLINE, || match guests_of(both[0])[..] {
        [pid] => Ok(pid),
        ref others => Err(format!("{others:?}")),
    });
    moving(pid, Instant::now());
    wait_until("the process to end", DEADLINE, || {
        let left = both.map(guests_of).concat();
        left.is_empty().then_some(()).ok_or_else(|| format!("{left:?}"))
    });
    let after = both.map(|container| CpuTime::settled(agent, container));
    [after[0].since(before[0]), after[1].since(before[1])]
}
