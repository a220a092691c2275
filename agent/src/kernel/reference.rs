//! Programs that do nothing, and such that do the least by which a packet can be told to a cgroup, attached where ours are: the
//! kernel's own statistics of all, taken at one time, tell what ours cost. For measuring; the agent itself never attaches them.

use std::path::Path;

use agent_common::names;
use aya::{EbpfLoader, programs::CgroupSkbAttachType};

use super::{
    attach::{attach_cpu, attach_network},
    load::{KernelError, OBJECT},
};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Those that do nothing.
    Empty,
    /// Those that do the least.
    Least,
}

/// The attached programs. Dropping it detaches them.
#[derive(Debug)]
pub struct ReferencePrograms {
    _links: aya::Ebpf,
}

impl ReferencePrograms {
    /// Attaches one for each direction to the root of the v2 tree, and of those that do nothing one to `sched_switch`. Programs of
    /// one place run in the order in which they were attached.
    pub fn attach(v2_root: &Path, which: Reference) -> Result<Self, KernelError> {
        let mut ebpf = EbpfLoader::new()
            .load(OBJECT)
            .map_err(|error| KernelError::Object(Box::new(error)))?;
        let [ingress, egress] = match which {
            Reference::Empty => [names::EMPTY_INGRESS, names::EMPTY_EGRESS],
            Reference::Least => [names::LEAST_INGRESS, names::LEAST_EGRESS],
        };
        attach_network(&mut ebpf, v2_root, ingress, CgroupSkbAttachType::Ingress)?;
        attach_network(&mut ebpf, v2_root, egress, CgroupSkbAttachType::Egress)?;
        if which == Reference::Empty {
            attach_cpu(&mut ebpf, names::EMPTY_SWITCH)?;
        }
        Ok(Self { _links: ebpf })
    }
}
