//! CPU time against the kernel's own account.

use std::fs;

use agent_tests::agent::Agent;
use agent_tests::figures::as_f64;
use agent_tests::sample::Sample;

use crate::stage::Handmade;

const CPU_SAMPLES: u16 = 4;
/// Of one sample from a whole CPU. The machine may take the emulator off its CPU, and no guest can see that: between the
/// read of a counter and that of the clock, so that one sample has too little and the next too much, or for ticks by
/// which a scheduler without a quick clock tells the time.
const SAMPLE_PERCENT_APART: f64 = 10.0;
/// Samples are told to a tenth of a percent, and intervals to a millisecond.
const SAMPLES_PERCENT_APART: f64 = 0.2;
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
    let samples = agent.samples(&container.id, usize::from(CPU_SAMPLES));
    let figures: Vec<f64> = samples.iter().map(|sample| sample.cpu).collect();
    load.wait();
    let counted_ns = agent.settled_cpu(&container.id).counters.cpu() - before_ns.0;
    let account_ns = account_ns() - before_ns.1;
    let interrupts_ns = interrupts_ns() - interrupts_before_ns;
    println!(
        "vm: note: CPU {figures:?}; counted {counted_ns} ns, cpu.stat {account_ns} ns, interrupts {interrupts_ns} ns"
    );
    let apart = |figure: &f64| (figure - 100.0).abs() > SAMPLE_PERCENT_APART;
    assert!(!figures.iter().any(apart), "{figures:?}");
    are_of_the_sum(&samples);
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

/// Figures of samples in a row say by how much the sum grew, which is held to the kernel's account.
fn are_of_the_sum(samples: &[Sample]) {
    for pair in samples.windows(2) {
        let [before, after] = pair else { continue };
        let passed_ms = as_f64(after.sampled_at_ms - before.sampled_at_ms);
        let off = (passed_ms / after.interval_ms - 1.0).abs() * 100.0;
        assert!(off <= SAMPLE_PERCENT_APART, "{before:?}, and next {after:?}");
        let grown_ns = as_f64(after.counters.cpu() - before.counters.cpu());
        let percent = grown_ns / 1e6 / after.interval_ms * 100.0;
        let is_apart = (percent - after.cpu).abs() > SAMPLES_PERCENT_APART;
        assert!(!is_apart, "{percent:.2} by the sum, and {after:?}");
    }
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
