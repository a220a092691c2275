//! What a refresh costs when the maps are full of cgroups.

use std::fs;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
use agent_tests::cgroup::{ChildCgroup, OwnCgroup};
use agent_tests::command::{attempt, find_program};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::as_f64;
use agent_tests::{binaries, wait};

use super::{GIVEN_BACK_DEADLINE, health};
use crate::parts::{exactly, idle, quick_agent};

const CGROUPS: &str = "1000";
/// For strace, and then without it.
const SECONDS: &str = "4";
const SAMPLES: usize = 30;
/// Half a percent of a CPU, at one refresh a second.
const MOST_CPU_S: f64 = 0.005;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_thousand_cgroups_are_read_in_a_few_system_calls() {
    assert!(
        find_program("strace").is_some(),
        "not installed: strace (`cargo xtask test` installs it)"
    );
    let docker = PrivateDocker::start();
    let cgroup = OwnCgroup::create("balancer-test-agent");
    let enter = cgroup.enter();
    let enter: Vec<&str> = enter.iter().map(String::as_str).collect();
    let agent = quick_agent(&docker).through(&enter).start();
    let container = idle(&docker, "owner", &[]);
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let below = ChildCgroup::create(&container.id, "below");
    let (workload, to) = (
        binaries::workload().display().to_string(),
        format!("{}:5202", sink.address()),
    );
    let dir = below.dir().display().to_string();
    let words = [
        "cgroups", "--below", &dir, "--count", CGROUPS, "--to", &to, "--then", "stay",
    ];
    container.in_network(&[&[workload.as_str()], &words[..]].concat());
    wait::wait_until("all cgroups to be counted", GIVEN_BACK_DEADLINE, || {
        let entries = health(&agent, "map_entries");
        (entries >= 1000).then_some(()).ok_or_else(|| entries.to_string())
    });
    // their ancestors are asked for once, with a call each
    agent.samples(&container.id, 2);

    let before = (cgroup.cpu_ns(), agent.next_sample(&container.id));
    let last = agent.samples(&container.id, SAMPLES).pop().expect("there are some");
    let cpu_s = as_f64(cgroup.cpu_ns() - before.0) / 1e9;
    let passed_ms = as_f64(last.sampled_at_ms - before.1.sampled_at_ms);
    let refreshes = passed_ms / 100.0;
    let calls = Calls::count(&agent);

    let mut scenario = Scenario::new("31", "refreshes with 1,000 cgroups in the maps");
    let some = Bound::AtLeast(10.0);
    scenario.counter("refreshes under strace", calls.refreshes, Unit::Count, some);
    scenario.number(
        "calls of bpf() a refresh, to read all counters and what was lost",
        calls.a_refresh(calls.reading),
        Unit::Count,
        Bound::AtMost(5.0),
    );
    scenario.number(
        "calls of bpf() a refresh and CPU, to charge what runs there",
        calls.a_refresh(calls.flushing) / as_f64(calls.cpus),
        Unit::Count,
        exactly(1),
    );
    scenario.number("others", calls.a_refresh(calls.others), Unit::Count, exactly(0));
    scenario.number(
        "CPU time of the agent a refresh",
        cpu_s / refreshes,
        Unit::Seconds,
        Bound::AtMost(MOST_CPU_S),
    );
    scenario.finish();
}

/// Calls of `bpf()` by what they are for.
struct Calls {
    refreshes: u64,
    cpus: u64,
    reading: u64,
    flushing: u64,
    others: u64,
}

impl Calls {
    #[track_caller]
    fn count(agent: &Agent) -> Self {
        let list = tempfile::NamedTempFile::new().expect("the directory for temporary files is writable");
        let (path, pid) = (list.path().display().to_string(), agent.pid.to_string());
        let strace = ["strace", "-f", "-qq", "-e", "trace=bpf", "-o", &path, "-p", &pid];
        // its exit code tells that its time was over
        let done = attempt(&[&["timeout", "--signal=INT", SECONDS], &strace[..]].concat());
        let list = fs::read_to_string(&path).expect("strace writes its list");
        let count = |commands: &[&str]| {
            let is_one = |line: &&str| commands.iter().any(|command| line.contains(&format!("bpf({command},")));
            u64::try_from(list.lines().filter(is_one).count()).unwrap_or(u64::MAX)
        };
        let all = u64::try_from(list.matches("bpf(BPF_").count()).unwrap_or(u64::MAX);
        assert!(all > 0, "strace saw nothing: {} {list}", done.stderr);
        let reading = count(&["BPF_MAP_LOOKUP_BATCH", "BPF_MAP_LOOKUP_ELEM"]);
        let flushing = count(&["BPF_PROG_TEST_RUN"]);
        let cpus = std::thread::available_parallelism().expect("it runs on some").get();
        let cpus = u64::try_from(cpus).expect("a small number");
        Self {
            refreshes: flushing / cpus,
            cpus,
            reading,
            flushing,
            others: all - reading - flushing,
        }
    }

    /// Whole numbers, unless a refresh was seen in part.
    fn a_refresh(&self, calls: u64) -> f64 {
        (as_f64(calls) / as_f64(self.refreshes)).round()
    }
}
