//! CPU time against the kernel's own account.

use std::fs;

use agent_tests::agent::Agent;
use agent_tests::figures::as_f64;

use crate::stage::Handmade;

const CPU_SAMPLES: u16 = 4;
/// Of all samples together.
const CPU_PERCENT_APART: f64 = 1.0;
/// Of one sample. The machine may take the emulator off its CPU between the read of a counter and that of the clock,
/// and no guest can see that: what one sample then has too little, the next has too much.
const SAMPLE_PERCENT_APART: f64 = 10.0;
/// The scheduler's account is the one that cpu.stat sums up: within 0.1 % of it.
const ACCOUNT_PARTS: u64 = 1000;
/// Time by the clock: within 1 %, beside interrupts.
const CLOCK_PARTS: u64 = 100;

/// A busy thread in `container`: every figure, and the sum beside `cpu.stat`.
pub(crate) fn check(container: &Handmade, agent: &Agent) {
    let account_ns = || {
        let file = container.dirs[0].join("cpu.stat");
        let text = fs::read_to_string(file).expect("the v2 tree has cpu.stat");
        let usage = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
        usage
            .and_then(|us| us.parse::<u64>().ok())
            .expect("cpu.stat tells usage_usec")
            * 1000
    };
    let before_ns = (agent.settled_cpu(&container.id).counters.cpu(), account_ns());
    let interrupts_before_ns = interrupts_ns();
    let load = container.start_load(&["spin", "--threads", "1", "--seconds", "8"]);
    let figures: Vec<f64> = agent
        .samples(&container.id, usize::from(CPU_SAMPLES))
        .iter()
        .map(|sample| sample.cpu)
        .collect();
    load.wait();
    let counted_ns = agent.settled_cpu(&container.id).counters.cpu() - before_ns.0;
    let account_ns = account_ns() - before_ns.1;
    let interrupts_ns = interrupts_ns() - interrupts_before_ns;
    println!(
        "vm: note: CPU {figures:?}; counted {counted_ns} ns, cpu.stat {account_ns} ns, interrupts {interrupts_ns} ns"
    );
    let mean = figures.iter().sum::<f64>() / f64::from(CPU_SAMPLES);
    // The scheduler's account leaves them out: an emulated CPU has more of them than a percent.
    let in_interrupts_percent = as_f64(interrupts_ns) / as_f64(account_ns.max(1)) * 100.0;
    let is_one_cpu = mean + in_interrupts_percent >= 100.0 - CPU_PERCENT_APART && mean <= 100.0 + CPU_PERCENT_APART;
    let apart = |figure: &f64| (figure - 100.0).abs() > SAMPLE_PERCENT_APART;
    assert!(
        is_one_cpu && !figures.iter().any(apart),
        "{mean:.2} of {figures:?}, {in_interrupts_percent:.2} in interrupts"
    );
    let status = agent.get("/status").json();
    let is_scheduler = status["agent"]["cpu_account"] == "scheduler";
    let (apart_ns, more_ns) = if is_scheduler {
        assert_eq!(status["agent"]["missed_switches"], 0);
        (account_ns / ACCOUNT_PARTS, 0)
    } else {
        // time in interrupts and stolen time are in what was counted, and not in the kernel's account
        (account_ns / CLOCK_PARTS, interrupts_ns)
    };
    assert!(
        counted_ns >= account_ns - apart_ns && counted_ns <= account_ns + apart_ns + more_ns,
        "counted {counted_ns} ns, cpu.stat {account_ns} ns, interrupts {interrupts_ns} ns"
    );
}

/// Time of all CPUs in interrupts, and taken by the hypervisor.
fn interrupts_ns() -> u64 {
    const TICK_NS: u64 = 10_000_000;
    let stat = fs::read_to_string("/proc/stat").expect("/proc is mounted");
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(6);
    fields
        .take(3)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum::<u64>()
        * TICK_NS
}
