//! Programs that do nothing, attached where ours are: the kernel's own statistics of both, taken at one time, tell what
//! ours cost. For measuring; the agent itself never attaches them.

use std::path::Path;

use agent_common::names;
use aya::{EbpfLoader, programs::CgroupSkbAttachType};

use super::{
    attach::{attach_cpu, attach_network},
    load::{KernelError, OBJECT},
};

/// The attached programs. Dropping it detaches them.
#[derive(Debug)]
pub struct ReferencePrograms {
    _links: aya::Ebpf,
}

impl ReferencePrograms {
    /// Attaches one of each type to `sched_switch` and to the root of the v2 tree.
    pub fn attach(v2_root: &Path) -> Result<Self, KernelError> {
        let mut ebpf = EbpfLoader::new()
            .load(OBJECT)
            .map_err(|error| KernelError::Object(Box::new(error)))?;
        attach_network(&mut ebpf, v2_root, names::EMPTY_INGRESS, CgroupSkbAttachType::Ingress)?;
        attach_network(&mut ebpf, v2_root, names::EMPTY_EGRESS, CgroupSkbAttachType::Egress)?;
        attach_cpu(&mut ebpf, names::EMPTY_SWITCH)?;
        Ok(Self { _links: ebpf })
    }
}
