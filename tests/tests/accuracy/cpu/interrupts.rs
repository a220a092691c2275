//! Time in interrupts: who is charged with it, by the scheduler's account and by the clock.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::as_f64;
use agent_tests::machine::{softirq_ns, stolen_of_ns, task_switches};
use agent_tests::wait::wait_for_idle_machine;

use super::{CpuTime, seconds, start_quick_agent};
use crate::parts::{idle, quick_agent};

const BYTES: &str = "6000000000";
const SENDERS_CPU: u32 = 0;
const RECEIVERS_CPU: u32 = 1;
/// Hides the kernel's BTF from what is run through it, which cannot find the scheduler's account then.
const WITHOUT_BTF: [&str; 6] = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    "mount -t tmpfs none /sys/kernel/btf && exec \"$@\"",
    "sh",
];
/// Time in interrupts, which the clock counts to whoever they come upon.
const BY_THE_CLOCK_PERCENT: f64 = 20.0;
/// A task that is woken for each packet counts from its wake-up on for the scheduler, for the clock from the moment at which the
/// CPU changes its task. How much that comes to depends on how often it is woken, and not on how long it works: a share of
/// its time says nothing. A wake-up takes a few microseconds, and every one has a task switch.
const MISSED_A_SWITCH_NS: f64 = 10_000.0;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_a_receiver_of_much_traffic_used_is_what_the_kernel_says() {
    let docker = PrivateDocker::start();
    let agent = start_quick_agent(&docker);
    let options = ["--cpuset-cpus", &RECEIVERS_CPU.to_string()];
    let receiver = docker.run("receiver", &options, &["tcp-sink", "--port", "5201"]);
    let sender = idle(&docker, "sender", &["--cpuset-cpus", &SENDERS_CPU.to_string()]);
    wait_for_idle_machine();

    let softirq = softirq_ns(SENDERS_CPU);
    let [by_receiver, by_sender] = transfer(&agent, &receiver, &sender);
    let softirq = softirq_ns(SENDERS_CPU) - softirq;
    let mut scenario = Scenario::new("25", "6 GB over TCP from a container on one CPU to one on another");
    by_receiver.show(&mut scenario, "receiver");
    by_sender.show(&mut scenario, "sender");
    let what = "software interrupts on the sender's CPU meanwhile";
    scenario.number(what, seconds(softirq), Unit::Seconds, Bound::Told);
    scenario.finish();
    drop(agent);

    let agent = quick_agent(&docker).through(&WITHOUT_BTF).start();
    let stolen = || [RECEIVERS_CPU, SENDERS_CPU].map(|cpu| seconds(stolen_of_ns(cpu)));
    let (before, switches) = (stolen(), task_switches());
    let [by_receiver, by_sender] = transfer(&agent, &receiver, &sender);
    let (after, switches) = (stolen(), task_switches() - switches);
    let mut scenario = Scenario::new("25b", "the transfer of no. 25, CPU time taken by the clock");
    let status = agent.get("/status").json();
    let account = status["agent"]["cpu_account"].as_str().unwrap_or("unknown");
    scenario.text("cpu_account in GET /status", account, "clock");
    // Whose time it was, of those who wanted the CPU, nobody tells: some of it or all.
    let without = |by: CpuTime, cpu: usize| by.less((after[cpu] - before[cpu]).min(by.more_than_the_kernel()));
    let by_receiver = without(by_receiver, 0);
    let what = "receiver, less what of it a hypervisor may have taken";
    by_receiver.tell(&mut scenario, what);
    let above = by_receiver.more_than_the_kernel() / by_receiver.kernel * 100.0;
    scenario.number(
        "receiver, above cpu.stat",
        above,
        Unit::Percent,
        Bound::AtMost(BY_THE_CLOCK_PERCENT),
    );
    let missed = by_receiver.less_than_the_kernel() * 1e9 / as_f64(switches.max(1));
    let what_is_missed = "receiver, below cpu.stat, for each task switch of the machine meanwhile";
    scenario.number(what_is_missed, missed, Unit::Ns, Bound::AtMost(MISSED_A_SWITCH_NS));
    let what = "sender, less what of it a hypervisor may have taken";
    without(by_sender, 1).show_within(&mut scenario, what, BY_THE_CLOCK_PERCENT);
    scenario.finish();
}

/// What each of the two used for it.
#[track_caller]
fn transfer(agent: &Agent, receiver: &Container<'_>, sender: &Container<'_>) -> [CpuTime; 2] {
    let settled = || [receiver, sender].map(|container| CpuTime::settled(agent, container));
    let to = format!("{}:5201", receiver.address());
    let before = settled();
    sender.exec(&["tcp-send", "--to", &to, "--bytes", BYTES]);
    let after = settled();
    [after[0].since(before[0]), after[1].since(before[1])]
}
