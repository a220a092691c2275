//! CPU time: what a container used, in every sample and in sum, beside the kernel's own account of its cgroup.

mod busy;
mod full;
mod hotplug;
mod interrupts;
mod moved;
mod quota;
mod switches;
mod whole;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::cgroup;
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::{as_f64, cpu_of};
use agent_tests::process::{Signal, signal};
use agent_tests::recorder::{Record, Recorder, distance};
use agent_tests::sample::Sample;

use crate::parts::idle;

/// Ten seconds of them.
const SAMPLES: usize = 10;
/// How far a sum may be from `cpu.stat`.
const SUM_PERCENT: f64 = 0.1;

/// What `cpu.stat` may be behind in a sample of a second: a tick of 4 ms on each of two CPUs.
const TICK_PERCENT: f64 = 0.8;

/// An agent at its usual pace.
#[track_caller]
fn start_agent(docker: &PrivateDocker) -> Agent {
    start_with(docker, &[])
}

/// An agent that looks often, so that a scenario does not wait long for what it has done.
#[track_caller]
fn start_quick_agent(docker: &PrivateDocker) -> Agent {
    start_with(docker, &["--interval", "100ms"])
}

/// An agent whose CPU time is the scheduler's account: another one's says nothing about that.
#[track_caller]
fn start_with(docker: &PrivateDocker, flags: &[&str]) -> Agent {
    let agent = AgentCommand::for_docker(&docker.url()).args(flags).start();
    let status = agent.get("/status").json();
    assert_eq!(status["agent"]["cpu_account"], "scheduler", "{status}");
    agent
}

/// Processes that were started in a container besides its first.
#[track_caller]
fn guests_of(container: &Container<'_>) -> Vec<u32> {
    let first = container.pid();
    let mut pids = cgroup::processes(&container.id);
    pids.retain(|pid| *pid != first);
    pids
}

/// Ends the load in a container, and leaves the container.
#[track_caller]
fn end_load(container: &Container<'_>) {
    for pid in guests_of(container) {
        signal(pid, Signal::KILL);
    }
}

/// Reads the kernel's own account of a container while the guard's thread runs.
#[track_caller]
fn record_account(container: &Container<'_>) -> Recorder {
    let id = container.id.clone();
    Recorder::start(move || cgroup::kernel_cpu(&id).finest_ns())
}

/// The lowest and the highest of the samples, which say how the load ran, and how far one of them is from what the
/// kernel's own account grew by in the very same interval, which says whether they are right.
#[track_caller]
fn each_sample(scenario: &mut Scenario, samples: &[Sample], account: &Record) {
    let figures = cpu_of(samples);
    lowest_and_highest(scenario, "sample", &figures, Bound::Told);
    let off = samples.iter().map(|sample| {
        let grown = account.growth_in(sample).expect("the account was read all the while");
        let percent = |ns: u64| as_f64(ns) / sample.interval_ms / 1e4;
        let range = percent(*grown.start())..=percent(*grown.end());
        println!("{:.2} beside {range:.2?}", sample.cpu);
        distance(sample.cpu, &range)
    });
    let what = "farthest sample from cpu.stat, which was read all the while";
    let farthest = off.fold(0.0, f64::max);
    scenario.number(what, farthest, Unit::Percent, Bound::AtMost(TICK_PERCENT));
}

fn lowest_and_highest(scenario: &mut Scenario, what: &str, figures: &[f64], bound: Bound) {
    let lowest = figures.iter().copied().fold(f64::MAX, f64::min);
    let highest = figures.iter().copied().fold(0.0, f64::max);
    scenario.number(&format!("lowest {what}"), lowest, Unit::Percent, bound);
    scenario.number(&format!("highest {what}"), highest, Unit::Percent, bound);
}

/// CPU time of a container by the agent and by `cpu.stat`, in seconds.
#[derive(Clone, Copy, Debug)]
struct CpuTime {
    ours: f64,
    kernel: f64,
}

impl CpuTime {
    /// Once nothing runs in the container any more.
    #[track_caller]
    fn settled(agent: &Agent, container: &Container<'_>) -> Self {
        let ours = agent.settled_cpu(&container.id).counters.cpu();
        Self::now(ours, container)
    }

    #[track_caller]
    fn now(ours_ns: u64, container: &Container<'_>) -> Self {
        let kernel = cgroup::kernel_cpu(&container.id).cpu_stat_ns;
        let kernel = kernel.expect("where the kernel programs count there is a v2 tree");
        Self {
            ours: seconds(ours_ns),
            kernel: seconds(kernel),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            ours: self.ours - before.ours,
            kernel: self.kernel - before.kernel,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            ours: self.ours + other.ours,
            kernel: self.kernel + other.kernel,
        }
    }

    /// Seconds by which our side is above `cpu.stat`.
    fn more_than_the_kernel(self) -> f64 {
        (self.ours - self.kernel).max(0.0)
    }

    /// Seconds by which our side is below `cpu.stat`.
    fn less_than_the_kernel(self) -> f64 {
        (self.kernel - self.ours).max(0.0)
    }

    /// Rows of the page that promise nothing.
    fn tell(self, scenario: &mut Scenario, what: &str) {
        scenario.number(what, self.ours, Unit::Seconds, Bound::Told);
        scenario.number(&format!("{what}, by cpu.stat"), self.kernel, Unit::Seconds, Bound::Told);
    }

    /// Without seconds that our side counted and `cpu.stat` leaves out.
    fn less(self, seconds: f64) -> Self {
        Self {
            ours: self.ours - seconds,
            ..self
        }
    }

    /// A row of the page: the two are the same account, which `cpu.stat` tells to the microsecond.
    fn show(self, scenario: &mut Scenario, what: &str) {
        self.show_within(scenario, what, SUM_PERCENT);
    }

    fn show_within(self, scenario: &mut Scenario, what: &str, percent: f64) {
        let near = Bound::Near {
            reference: self.kernel,
            percent,
            slack: 0.0,
        };
        scenario.number(&format!("{what}, beside cpu.stat"), self.ours, Unit::Seconds, near);
    }
}

fn seconds(ns: u64) -> f64 {
    as_f64(ns) / 1e9
}
