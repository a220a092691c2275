//! All the time that the CPUs have, by who had it: nothing is counted twice, and nothing is missing.

use std::thread;
use std::time::Instant;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
use agent_tests::cgroup;
use agent_tests::docker::Container;
use agent_tests::figures::as_f64;
use agent_tests::machine;
use agent_tests::sample::Sample;

/// From [`Whole::start`] on: the agent's counters of these containers, which are all that it has, and what the kernel
/// says of the rest.
pub(super) struct Whole<'a> {
    agent: &'a Agent,
    containers: Vec<&'a Container<'a>>,
    before: (Vec<Sample>, Rest),
}

/// Time of all CPUs that no container had.
#[derive(Clone, Copy)]
struct Rest {
    at: Instant,
    others_ns: u64,
    idle_ns: u64,
    stolen_ns: u64,
}

impl<'a> Whole<'a> {
    #[track_caller]
    pub(super) fn start(agent: &'a Agent, containers: &[&'a Container<'a>]) -> Self {
        let containers = containers.to_vec();
        Self {
            agent,
            before: (samples(agent, &containers), Rest::now(&containers)),
            containers,
        }
    }

    /// Adds the shares to a scenario; together they have to be all there is. What is less than that by `gap_percent` may
    /// be interrupts that came while a CPU was idle, which nobody accounts for. What is more may be time in which a CPU had
    /// been woken and its hypervisor did not let it run yet: the kernel has that as idle and as taken, so that nothing is
    /// counted twice by us where all is right without it.
    #[track_caller]
    pub(super) fn show(self, scenario: &mut Scenario, gap_percent: f64) {
        let (before, rest_before) = self.before;
        let after = samples(self.agent, &self.containers);
        let rest = Rest::now(&self.containers);
        let containers: f64 = before.iter().zip(&after).map(|(from, to)| percent(from, to)).sum();
        let window_ns = (rest.at - rest_before.at).as_secs_f64() * 1e9;
        let share = |of: fn(&Rest) -> u64| 100.0 * (as_f64(of(&rest)) - as_f64(of(&rest_before))) / window_ns;
        let others = share(|rest| rest.others_ns);
        let idle = share(|rest| rest.idle_ns);
        let stolen = share(|rest| rest.stolen_ns);
        for (who, percent) in [
            ("containers", containers),
            ("all else that ran, by the kernel", others),
            ("idle, by the kernel", idle),
            ("taken by the hypervisor, by the kernel", stolen),
        ] {
            scenario.number(
                &format!("{who}, in percent of one CPU"),
                percent,
                Unit::Percent,
                Bound::Told,
            );
        }
        let cpus = thread::available_parallelism().expect("the kernel tells it").get();
        let of_all = |percent: f64| percent / as_f64(cpus as u64);
        let what = "these together, of the time that the CPUs have";
        let all = of_all(containers + others + idle + stolen);
        scenario.number(what, all, Unit::Percent, Bound::AtLeast(100.0 - gap_percent));
        let what = "these without what was taken, which may be idle time too";
        let here = of_all(containers + others + idle);
        scenario.number(what, here, Unit::Percent, Bound::AtMost(100.5));
    }
}

impl Rest {
    #[track_caller]
    fn now(containers: &[&Container<'_>]) -> Self {
        let account = |container: &&Container<'_>| cgroup::kernel_cpu(&container.id).finest_ns();
        let of_containers: u64 = containers.iter().map(account).sum();
        Self {
            at: Instant::now(),
            others_ns: cgroup::all_tasks_ns() - of_containers,
            idle_ns: machine::idle_ns(),
            stolen_ns: machine::stolen_ns(),
        }
    }
}

/// A new one of each.
#[track_caller]
fn samples(agent: &Agent, containers: &[&Container<'_>]) -> Vec<Sample> {
    agent.next_sample(&containers[0].id);
    containers.iter().map(|container| agent.sample(&container.id)).collect()
}

/// Of one CPU.
fn percent(from: &Sample, to: &Sample) -> f64 {
    let ns = as_f64(to.counters.cpu() - from.counters.cpu());
    ns / as_f64(to.sampled_at_ms - from.sampled_at_ms) / 1e4
}
