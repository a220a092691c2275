//! Which source the agent counts from: decided once at the start, said once, shown in the API.

use std::{fmt::Display, thread, time::Duration};

use thiserror::Error;

use super::{Source, kernel::KernelUsage};
use crate::{
    cgroup::Mounts,
    cli::SourceChoice,
    kernel::{self, KernelError, KernelFacts, KernelPlan, KernelSettings, Unavailable, facts::Roots},
};

/// How often the kernel's side is started before it is given up. The decision is for the agent's life: of a machine that was busy for
/// a moment (a self-test that had no CPU, a load that was interrupted) it would be the wrong one.
const ATTEMPTS: u32 = 3;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(200);

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
    let counters = persist(PAUSE, || kernel::load::start(&plan, settings))?;
    Ok(KernelUsage::new(counters, plan.v2_root))
}

fn persist<T, E: Display>(pause: Duration, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    for number in 1..ATTEMPTS {
        match attempt() {
            Ok(started) => return Ok(started),
            Err(error) => {
                tracing::warn!("counting in the kernel, attempt {number} of {ATTEMPTS}: {error}; trying again");
            }
        }
        thread::sleep(pause);
    }
    attempt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_once_is_tried_again_and_what_fails_always_says_why() {
        for (failures, expected, tries) in [
            (0, Ok(1), 1),
            (1, Ok(2), 2),
            (2, Ok(3), 3),
            (9, Err("failed 3".to_owned()), 3),
        ] {
            let mut tried = 0;
            let result = persist(Duration::ZERO, || {
                tried += 1;
                if tried > failures {
                    Ok(tried)
                } else {
                    Err(format!("failed {tried}"))
                }
            });
            assert_eq!((result, tried), (expected, tries));
        }
    }
}
