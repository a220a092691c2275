//! What this machine's kernel offers, found by trying. No decisions: those are in [`super::plan()`].

use std::{
    fs,
    path::{Path, PathBuf},
};

use agent_common::TaskLayout;
use aya::{
    maps::MapType,
    programs::ProgramType,
    sys::{BpfHelper, is_helper_supported, is_map_supported, is_program_supported},
};
use procfs::process::Process;

use super::btf;
use crate::cgroup;

/// Bit of `CAP_NET_ADMIN` in a capability set (uapi/linux/capability.h).
pub const CAP_NET_ADMIN: u64 = 1 << 12;
/// Bit of `CAP_SYS_ADMIN`.
pub const CAP_SYS_ADMIN: u64 = 1 << 21;
/// Bit of `CAP_PERFMON` (5.8).
pub const CAP_PERFMON: u64 = 1 << 38;
/// Bit of `CAP_BPF` (5.8).
pub const CAP_BPF: u64 = 1 << 39;

/// What came of trying a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The kernel has it.
    Yes,
    /// The kernel has it not.
    No,
    /// It could not be tried, and why: most often a capability is missing.
    Unknown(String),
}

impl<E: std::error::Error> From<Result<bool, E>> for Probe {
    fn from(tried: Result<bool, E>) -> Self {
        match tried {
            Ok(true) => Self::Yes,
            Ok(false) => Self::No,
            Err(error) => Self::Unknown(chain(&error)),
        }
    }
}

/// An error and all that caused it, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    one_line(&text)
}

/// The first line, and the verifier's complaint where its log follows: the last line of it that is not about its own work.
fn one_line(text: &str) -> String {
    const ABOUT_ITS_WORK: [&str; 4] = ["processed ", "verification time ", "stack depth ", "subprog "];
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    match lines.rfind(|line| !ABOUT_ITS_WORK.iter().any(|start| line.starts_with(start))) {
        Some(complaint) => format!("{first} {complaint}"),
        None => first.to_owned(),
    }
}

/// Whether this process may load a program at this moment: tried with one of two instructions.
pub fn loads_a_program() -> bool {
    matches!(is_program_supported(ProgramType::CgroupSkb), Ok(true))
}

/// Everything the plan needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFacts {
    /// The effective capabilities of this process, one bit each; `None` if they could not be read.
    pub capabilities: Option<u64>,
    /// The mount of the cgroup v2 tree, if there is one.
    pub v2_mount: Option<PathBuf>,
    /// Whether that mount is the tree's true root and not the view of a cgroup namespace or of a sub-tree.
    pub v2_is_true_root: bool,
    /// Where this kernel keeps the run time of tasks, as its BTF tells; else why that is not known.
    pub task_layout: Result<TaskLayout, String>,
    /// `bpf_get_current_task_btf` from a raw tracepoint (5.11).
    pub current_task: Probe,
    /// Whether CPUs run without a tick (`nohz_full`): there the scheduler's account may be a second old.
    pub tickless_cpus: bool,
    /// `BPF_PROG_TYPE_CGROUP_SKB`.
    pub cgroup_skb: Probe,
    /// `BPF_PROG_TYPE_RAW_TRACEPOINT`.
    pub raw_tracepoint: Probe,
    /// `bpf_skb_cgroup_id` from a `cgroup_skb` program (5.3).
    pub skb_cgroup_id: Probe,
    /// `bpf_skb_ancestor_cgroup_id` from a `cgroup_skb` program.
    pub skb_ancestor: Probe,
    /// `bpf_get_current_cgroup_id` from a raw tracepoint (4.18).
    pub current_cgroup_id: Probe,
    /// `bpf_get_current_ancestor_cgroup_id` from a raw tracepoint (5.14/5.15).
    pub current_ancestor: Probe,
    /// `BPF_MAP_TYPE_PERCPU_HASH`.
    pub percpu_hash: Probe,
    /// `BPF_MAP_TYPE_RINGBUF` (5.8). A kernel that has it also has links for cgroups (5.7).
    pub ring_buffer: Probe,
    /// The clock that `bpf_ktime_get_ns` reads, as the kernel names it.
    pub clock_source: Option<String>,
    /// Whether programs are compiled to machine code; `None` if it is not told.
    pub jit: Option<bool>,
    /// CPUs that could ever be online: what a per-CPU map is sized by.
    pub possible_cpus: usize,
}

/// Where the probe looks; a test gives it a tree of its own.
#[derive(Clone, Copy, Debug)]
pub struct Roots<'a> {
    /// `/sys`.
    pub sys: &'a Path,
    /// `/proc`, of the agent's own process.
    pub proc: &'a Path,
}

impl Default for Roots<'_> {
    fn default() -> Self {
        Self {
            sys: Path::new("/sys"),
            proc: Path::new("/proc"),
        }
    }
}

impl KernelFacts {
    /// Tries everything once. Takes a few milliseconds, changes nothing.
    pub fn probe(roots: Roots<'_>, mounts: &cgroup::Mounts) -> Self {
        let v2_mount = mounts.v2().map(Path::to_owned);
        let v2_is_true_root = v2_mount
            .as_deref()
            .is_some_and(|mount| cgroup::is_true_v2_root(mount).unwrap_or(false));
        let skb = ProgramType::CgroupSkb;
        let tracepoint = ProgramType::RawTracePoint;
        Self {
            capabilities: effective_capabilities(),
            v2_mount,
            v2_is_true_root,
            task_layout: read_task_layout(&roots.sys.join("kernel/btf/vmlinux")),
            current_task: is_helper_supported(tracepoint, BpfHelper::BPF_FUNC_get_current_task_btf).into(),
            tickless_cpus: read_line(&roots.sys.join("devices/system/cpu/nohz_full"))
                .is_some_and(|list| list.starts_with(|first: char| first.is_ascii_digit())),
            cgroup_skb: is_program_supported(skb).into(),
            raw_tracepoint: is_program_supported(tracepoint).into(),
            skb_cgroup_id: is_helper_supported(skb, BpfHelper::BPF_FUNC_skb_cgroup_id).into(),
            skb_ancestor: is_helper_supported(skb, BpfHelper::BPF_FUNC_skb_ancestor_cgroup_id).into(),
            current_cgroup_id: is_helper_supported(tracepoint, BpfHelper::BPF_FUNC_get_current_cgroup_id).into(),
            current_ancestor: is_helper_supported(tracepoint, BpfHelper::BPF_FUNC_get_current_ancestor_cgroup_id)
                .into(),
            percpu_hash: is_map_supported(MapType::PerCpuHash).into(),
            ring_buffer: is_map_supported(MapType::RingBuf).into(),
            clock_source: read_line(
                &roots
                    .sys
                    .join("devices/system/clocksource/clocksource0/current_clocksource"),
            ),
            jit: read_line(&roots.proc.join("sys/net/core/bpf_jit_enable")).map(|value| value != "0"),
            possible_cpus: aya::util::nr_cpus().unwrap_or(1),
        }
    }
}

fn effective_capabilities() -> Option<u64> {
    let status = Process::myself().and_then(|me| me.status()).ok()?;
    Some(status.capeff)
}

fn read_task_layout(path: &Path) -> Result<TaskLayout, String> {
    let btf = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    btf::task_layout(&btf).map_err(|error| error.to_string())
}

fn read_line(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn of_a_verifiers_log_the_complaint_is_told() {
        let log = "the syscall returned EACCES. Verifier output: func#0 @0\n0: R1=ctx() R10=fp0\n0: (95) exit\n\
                   R0 !read_ok\nverification time 21 usec\nstack depth 0\n\
                   subprog 0 (x) static insns_self 1 insns_total 1 stack 0\nprocessed 1 insns (limit 1000000)\n";
        let told = one_line(log);
        assert_eq!(
            told,
            "the syscall returned EACCES. Verifier output: func#0 @0 R0 !read_ok"
        );
        assert_eq!(one_line("no such file"), "no such file");
    }
}
