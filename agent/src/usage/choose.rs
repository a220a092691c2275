//! Which source the agent counts from: decided once at the start, said once, shown in the API.

use thiserror::Error;

use super::{Source, kernel::KernelUsage};
use crate::{
    cgroup::Mounts,
    cli::SourceChoice,
    kernel::{self, KernelError, KernelFacts, KernelPlan, KernelSettings, Unavailable, facts::Roots},
};

/// What the kernel's tables are to have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// So many containers, and the cgroups that come with them.
    Containers(u32),
    /// So many cgroups and not one more.
    Entries(u32),
}

/// The source, and why it is not the kernel where it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDecision {
    /// Where figures come from.
    pub source: Source,
    /// What stands against the kernel's counters, and what to do; `None` where nothing does.
    pub reason: Option<String>,
}

/// The kernel's counters were asked for and cannot be had.
#[derive(Debug, Error)]
#[error("--source: ebpf is not available: {reason}; or use --source auto")]
pub struct SourceUnavailable {
    /// What stands against it.
    pub reason: String,
}

/// Why the kernel does not count.
#[derive(Debug, Error)]
enum NoKernel {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("{0}; look at the kernel's log, or choose --source docker")]
    Failed(#[from] KernelError),
}

/// Tries the kernel where the operator wants it, and steps down where that is allowed.
pub fn choose(
    choice: SourceChoice,
    mounts: &Mounts,
    room: Room,
    settings: &KernelSettings,
) -> Result<(Option<KernelUsage>, SourceDecision), SourceUnavailable> {
    if choice == SourceChoice::Docker {
        let reason = Some("--source docker asks for it".to_owned());
        return Ok((
            None,
            SourceDecision {
                source: Source::Docker,
                reason,
            },
        ));
    }
    match start(mounts, room, settings) {
        Ok(kernel) => Ok((
            Some(kernel),
            SourceDecision {
                source: Source::Ebpf,
                reason: None,
            },
        )),
        Err(error) if choice == SourceChoice::Ebpf => Err(SourceUnavailable {
            reason: error.to_string(),
        }),
        Err(error) => {
            let reason = Some(error.to_string());
            Ok((
                None,
                SourceDecision {
                    source: Source::Docker,
                    reason,
                },
            ))
        }
    }
}

fn start(mounts: &Mounts, room: Room, settings: &KernelSettings) -> Result<KernelUsage, NoKernel> {
    let facts = KernelFacts::probe(Roots::default(), mounts);
    tracing::debug!(?facts, "what this kernel offers");
    if facts.jit == Some(false) {
        tracing::warn!("programs are interpreted, which costs several times more; set net.core.bpf_jit_enable to 1");
    }
    let plan = match room {
        Room::Containers(containers) => kernel::plan(&facts, containers)?,
        Room::Entries(max_cgroups) => KernelPlan {
            max_cgroups,
            ..kernel::plan(&facts, 1)?
        },
    };
    tracing::debug!(?plan, "how the kernel counts");
    let counters = kernel::load::start(&plan, settings)?;
    Ok(KernelUsage::new(counters, plan.v2_root))
}
