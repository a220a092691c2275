//! A CPU goes away and comes back.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
use agent_tests::docker::PrivateDocker;
use agent_tests::machine::{OfflineCpu, online_cpus, ways_to_suspend};
use agent_tests::sample::Sample;
use agent_tests::wait::wait_for_idle_machine;

use super::{CpuTime, end_load, idle, start_agent};

const TITLE: &str = "a CPU goes away and comes back while 4 threads keep both busy";
const ITS_CPUS: [u32; 2] = [0, 1];
/// The first of them stays.
const AWAY: u32 = 1;
const SAMPLES_AWAY: usize = 5;
/// Of a CPU: a tick's age of the account, at both ends of a sample.
const SLACK_PERCENT: f64 = 1.5;
/// What the container and all else that runs have at least of both.
const BOTH_BUSY_PERCENT: f64 = 190.0;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_cpu_that_goes_away_and_comes_back_makes_no_jump() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let busy = idle(&docker, "busy", &["--cpuset-cpus", "0,1"]);
    wait_for_idle_machine();
    let online = online_cpus();
    let before = CpuTime::settled(&agent, &busy);
    busy.exec_detached(&["spin", "--threads", "4", "--seconds", "120"]);
    agent.samples(&busy.id, 1);
    let away = match OfflineCpu::take(AWAY) {
        Ok(away) => away,
        Err(why) => return Scenario::not_shown("27", TITLE, &format!("the kernel does not let a CPU go: {why}")),
    };
    let while_away = agent.samples_with_others(&busy.id, &ITS_CPUS[..1], SAMPLES_AWAY);
    let told_away = cpus(&agent, &online);
    away.bring_back();
    let afterwards = agent.samples_with_others(&busy.id, &ITS_CPUS, SAMPLES_AWAY);
    let told_back = cpus(&agent, &online);
    end_load(&busy);
    let sum = CpuTime::settled(&agent, &busy).since(before);

    let mut scenario = Scenario::new("27", TITLE);
    let bound = |cpus: f64| Bound::AtMost(cpus * (100.0 + SLACK_PERCENT));
    // the first is of the interval in which it went, or came
    let figures = |samples: &[(Sample, f64)]| samples.iter().map(|(sample, _)| sample.cpu).collect::<Vec<f64>>();
    let (away, back) = (figures(&while_away), figures(&afterwards));
    let with_others: Vec<f64> = afterwards.iter().map(|(sample, others)| sample.cpu + others).collect();
    println!("{while_away:?} {afterwards:?}");
    let highest = |figures: &[f64]| figures.iter().copied().fold(0.0, f64::max);
    let lowest = |figures: &[f64]| figures.iter().copied().fold(f64::MAX, f64::min);
    let all = highest(&away).max(highest(&back));
    scenario.number("highest sample", all, Unit::Percent, bound(2.0));
    scenario.number(
        "highest sample while it is away",
        highest(&away[1..]),
        Unit::Percent,
        bound(1.0),
    );
    let most = Bound::AtLeast(BOTH_BUSY_PERCENT);
    let what = "lowest sample once it is back, and what others had meanwhile";
    scenario.number(what, lowest(&with_others[1..]), Unit::Percent, most);
    scenario.text("CPUs in GET /status while it is away", &told_away, "all but cpu1");
    scenario.text("CPUs in GET /status once it is back", &told_back, "all");
    sum.show(&mut scenario, "sum");
    scenario.finish();
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn no_machine_is_suspended() {
    let ways = ways_to_suspend();
    let found = (!ways.is_empty()).then(|| format!("this machine can be suspended ({ways})"));
    Scenario::not_tried(
        "27b",
        "the machine is suspended and wakes up",
        found.as_deref(),
        "the test machine's kernel cannot suspend",
    );
}

/// Those that the agent tells of, in words that are the same on every machine.
#[track_caller]
fn cpus(agent: &Agent, online: &[u32]) -> String {
    let status = agent.get("/status").json();
    let cpus = status["cpus"].as_object().expect("the node has CPUs");
    let told: Vec<_> = cpus.keys().map(String::as_str).collect();
    beside(&told, online)
}

/// CPUs that were told, beside those that were online before one went.
fn beside(told: &[&str], online: &[u32]) -> String {
    let online: Vec<_> = online.iter().map(|cpu| format!("cpu{cpu}")).collect();
    if told.iter().any(|told| !online.iter().any(|cpu| cpu == told)) {
        return told.join(" ");
    }
    let missing: Vec<_> = online.into_iter().filter(|cpu| !told.contains(&cpu.as_str())).collect();
    if missing.is_empty() {
        return "all".to_owned();
    }
    format!("all but {}", missing.join(" "))
}

#[test]
fn cpus_are_told_by_those_that_are_missing_unless_there_is_one_too_many() {
    for (told, online, words) in [
        (&["cpu0"][..], &[0, 1][..], "all but cpu1"),
        (&["cpu0", "cpu1"], &[0, 1], "all"),
        // in the order of their names, not of their numbers
        (&["cpu0", "cpu10", "cpu2"], &[0, 1, 2, 10], "all but cpu1"),
        (&["cpu0"], &[0, 1, 3], "all but cpu1 cpu3"),
        (&["cpu0", "cpu7"], &[0, 1], "cpu0 cpu7"),
    ] {
        assert_eq!(beside(told, online), words, "{told:?} of {online:?}");
    }
}
