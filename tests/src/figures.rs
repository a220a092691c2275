//! Comparisons that several scenarios make.

use std::time::Instant;

use serde_json::Value;

use crate::agent::Agent;
use crate::cgroup::kernel_cpu;
use crate::sample::Sample;

/// The payload of the transfers.
pub const MIB_100: u64 = 100 << 20;

/// The CPU figures of all samples.
pub fn cpu_of(samples: &[Sample]) -> Vec<f64> {
    samples.iter().map(|sample| sample.cpu).collect()
}

/// Takes samples of a busy container and fails unless their mean is within 5 % of what the kernel's own account grew by
/// meanwhile. Returns that growth in percent of one CPU.
///
/// For Docker's stats: how much of a CPU the container gets depends on what else runs, and the engine reads the counter
/// and the clock one after the other and may lose its CPU in between, so that one frame is off by what passed and the
/// next by as much the other way.
#[track_caller]
pub fn assert_mean_cpu_as_accounted(agent: &Agent, container_id: &str, count: usize) -> f64 {
    let accounted_ns = || {
        let kernel = kernel_cpu(container_id);
        kernel
            .cpu_stat_ns
            .or(kernel.cpuacct_ns)
            .expect("the kernel accounts for it")
    };
    agent.samples(container_id, 1);
    let (start, before_ns) = (Instant::now(), accounted_ns());
    let figures = cpu_of(&agent.samples(container_id, count));
    let accounted = as_f64(accounted_ns() - before_ns) / start.elapsed().as_secs_f64() / 1e7;
    let mean = figures.iter().sum::<f64>() / as_f64(u64::try_from(figures.len()).expect("a few samples"));
    println!("cpu: {mean:.1} of {figures:?}, by the kernel's account {accounted:.1}");
    assert!(
        (mean / accounted - 1.0).abs() <= 0.05,
        "{mean:.1} against {accounted:.1}"
    );
    accounted
}

/// Fails unless the two differ by at most `share` of the second and `bytes`.
#[track_caller]
pub fn assert_close(what: &str, figure: u64, reference: u64, share: f64, bytes: f64) {
    let (figure, reference) = (as_f64(figure), as_f64(reference));
    let difference = figure - reference;
    println!(
        "{what}: {figure} against {reference}, {:+.4} %",
        100.0 * difference / reference
    );
    assert!(
        difference.abs() <= reference * share + bytes,
        "{what}: {figure} against {reference}: more than {} % + {bytes} apart",
        100.0 * share
    );
}

/// Fails unless the agent's sum since the container's start is within 0.1 % of the kernel's own accounts.
#[track_caller]
pub fn assert_cpu_total(container_id: &str, total_ns: u64) {
    let kernel = kernel_cpu(container_id);
    for (account, ns) in [("cpu.stat", kernel.cpu_stat_ns), ("cpuacct", kernel.cpuacct_ns)] {
        if let Some(ns) = ns {
            assert_close(account, total_ns, ns, 0.001, 0.0);
        }
    }
}

/// Exact up to 2^53, far beyond what a scenario moves.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub fn as_f64(number: u64) -> f64 {
    number as f64
}

/// CPU of all containers and of the node's CPUs, each in percent of one CPU, in a reply of `GET /containers/status`. `None` where it
/// has no such lists.
pub fn cpu_sums(all: &Value) -> Option<(f64, f64)> {
    let containers = all["containers"].as_array()?.iter().map(|one| &one["cpu"]);
    let cpus = all["node"]["cpus"].as_object()?.values();
    Some((
        containers.filter_map(Value::as_f64).sum(),
        cpus.filter_map(Value::as_f64).sum(),
    ))
}
