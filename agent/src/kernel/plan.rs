//! Facts to decision: can the kernel count here, and how. Pure, so that every kernel can be tried in a table.

use std::path::PathBuf;

use agent_common::{CgroupCounters, TaskLayout};
use thiserror::Error;

use super::facts::{CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON, CAP_SYS_ADMIN, KernelFacts, Probe};

/// How the programs are loaded on this kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelPlan {
    /// The true root of the v2 tree, where the network programs are attached.
    pub v2_root: PathBuf,
    /// How many leaf cgroups the maps have room for.
    pub max_cgroups: u32,
    /// Whether the CPU program may ask for ancestors.
    pub current_ancestor: bool,
    /// What CPU time is.
    pub cpu_account: CpuAccount,
}

/// How the CPU program measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CpuAccount {
    /// The scheduler's own account of each task: what `cpu.stat` sums up. No clock is read at a switch.
    Scheduler(TaskLayout),
    /// Time between switches by the clock: interrupts and time that a hypervisor took are in it.
    Clock {
        /// What stands against the scheduler's account.
        because: String,
    },
}

/// Why the kernel cannot count here: what is missing, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// The process may not.
    #[error("capability {missing} is missing; run as root or give it {missing}")]
    Capability {
        /// Names of the capabilities that are missing.
        missing: String,
    },
    /// There is no cgroup v2 tree.
    #[error("no cgroup v2 tree is mounted; mount one, or name it with --cgroup-root")]
    NoV2Tree,
    /// What is mounted is a part of the tree.
    #[error("{} is not the root of the cgroup v2 tree; give the agent the host's cgroup namespace and mount", .path.display())]
    NotTheRoot {
        /// Where it is mounted.
        path: PathBuf,
    },
    /// The kernel lacks a feature.
    #[error("this kernel has no {feature}; use 5.8 or newer with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF")]
    Feature {
        /// The feature, as the kernel's documents name it.
        feature: &'static str,
    },
    /// Trying a feature failed.
    #[error(
        "whether the kernel has {feature} could not be found out ({reason}); look for a seccomp filter or lockdown"
    )]
    ProbeFailed {
        /// The feature, as the kernel's documents name it.
        feature: &'static str,
        /// What the attempt said.
        reason: String,
    },
    /// Reading the clock costs more than the switch that it would measure.
    #[error("clock source {name} is too slow to read at every task switch; boot with a reliable TSC")]
    SlowClock {
        /// The clock, as the kernel names it.
        name: String,
    },
}

/// Clock sources that are read through the bus and cost about a microsecond.
const SLOW_CLOCKS: [&str; 4] = ["hpet", "acpi_pm", "pit", "jiffies"];

/// Room for cgroups that are no containers: services, sessions, sub-cgroups.
const OTHER_CGROUPS: u32 = 512;
/// Cgroups a container may have: its own and one nested, on average.
const CGROUPS_PER_CONTAINER: u32 = 2;
/// All counters together take no more than this, in bytes of kernel memory.
const MAX_COUNTER_BYTES: usize = 256 << 20;

/// How many leaf cgroups there is room for, from the configured number of containers and the possible CPUs.
#[must_use]
pub fn max_cgroups(containers: u32, possible_cpus: usize) -> u32 {
    let wanted = containers
        .saturating_mul(CGROUPS_PER_CONTAINER)
        .saturating_add(OTHER_CGROUPS);
    let bytes_per_cgroup = size_of::<CgroupCounters>().saturating_mul(possible_cpus.max(1));
    let affordable = u32::try_from(MAX_COUNTER_BYTES / bytes_per_cgroup).unwrap_or(u32::MAX);
    wanted.min(affordable).max(1)
}

/// Decides from the facts whether and how the kernel counts.
pub fn plan(facts: &KernelFacts, containers: u32) -> Result<KernelPlan, Unavailable> {
    let missing = missing_capabilities(facts.capabilities);
    if !missing.is_empty() {
        return Err(Unavailable::Capability {
            missing: missing.join(", "),
        });
    }
    let v2_root = facts.v2_mount.clone().ok_or(Unavailable::NoV2Tree)?;
    if !facts.v2_is_true_root {
        return Err(Unavailable::NotTheRoot { path: v2_root });
    }
    for (feature, probe) in [
        ("BPF_PROG_TYPE_CGROUP_SKB", &facts.cgroup_skb),
        ("BPF_PROG_TYPE_RAW_TRACEPOINT", &facts.raw_tracepoint),
        ("BPF_MAP_TYPE_PERCPU_HASH", &facts.percpu_hash),
        ("BPF_MAP_TYPE_RINGBUF", &facts.ring_buffer),
        ("bpf_skb_cgroup_id", &facts.skb_cgroup_id),
        ("bpf_skb_ancestor_cgroup_id", &facts.skb_ancestor),
        ("bpf_get_current_cgroup_id", &facts.current_cgroup_id),
    ] {
        match probe {
            Probe::Yes => {}
            Probe::No => return Err(Unavailable::Feature { feature }),
            Probe::Unknown(reason) => {
                return Err(Unavailable::ProbeFailed {
                    feature,
                    reason: reason.clone(),
                });
            }
        }
    }
    let cpu_account = cpu_account(facts);
    let slow_clock = facts.clock_source.as_deref().filter(|name| SLOW_CLOCKS.contains(name));
    if let (CpuAccount::Clock { .. }, Some(name)) = (&cpu_account, slow_clock) {
        return Err(Unavailable::SlowClock { name: name.to_owned() });
    }
    Ok(KernelPlan {
        v2_root,
        max_cgroups: max_cgroups(containers, facts.possible_cpus),
        current_ancestor: facts.current_ancestor == Probe::Yes,
        cpu_account,
    })
}

fn cpu_account(facts: &KernelFacts) -> CpuAccount {
    let because = match (&facts.task_layout, &facts.current_task) {
        _ if facts.tickless_cpus => "CPUs without a tick keep it up to date once a second only".to_owned(),
        (Err(error), _) => error.clone(),
        (Ok(_), Probe::No | Probe::Unknown(_)) => "this kernel has no bpf_get_current_task_btf (5.11)".to_owned(),
        (Ok(layout), Probe::Yes) => return CpuAccount::Scheduler(*layout),
    };
    CpuAccount::Clock { because }
}

/// Names of those that are missing. `CAP_SYS_ADMIN` stands for BPF and PERFMON, as it did before 5.8; attaching to
/// a cgroup asks for `CAP_NET_ADMIN` itself.
fn missing_capabilities(effective: Option<u64>) -> Vec<&'static str> {
    let effective = effective.unwrap_or(0);
    let has = |capability: u64| effective & capability != 0;
    let mut missing = Vec::new();
    if !has(CAP_BPF) && !has(CAP_SYS_ADMIN) {
        missing.push("CAP_BPF");
    }
    if !has(CAP_PERFMON) && !has(CAP_SYS_ADMIN) {
        missing.push("CAP_PERFMON");
    }
    if !has(CAP_NET_ADMIN) {
        missing.push("CAP_NET_ADMIN");
    }
    missing
}

#[cfg(test)]
mod tests;
