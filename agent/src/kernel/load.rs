//! From a plan to counters that are proven. Every error names the program and the step.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
    path::PathBuf,
};

use agent_common::{LossKind, TaskLayout, names};
use aya::{
    Ebpf, EbpfLoader,
    maps::{HashMap, Map, MapError, PerCpuArray, PerCpuHashMap},
    programs::{CgroupSkbAttachType, ProgramError},
};
use aya_log::EbpfLogger;
use thiserror::Error;

use super::{
    attach::{attach_account, attach_network},
    counters::{KernelCounters, Maps},
    facts::chain,
    owners::Owners,
    plan::{CpuAccount, KernelPlan},
    selftest,
    slot_maps::SlotMaps,
};

/// The programs as `agent/build.rs` compiled them.
pub static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/agent-ebpf"));

/// Why the kernel's side did not start, or could not be read.
#[derive(Debug, Error)]
pub enum KernelError {
    /// The object could not be loaded.
    #[error("loading the kernel programs failed: {}", chain(.0))]
    Object(#[source] Box<aya::EbpfError>),
    /// The object has no such program or map, or of another type: the build is broken.
    #[error("the kernel object has no {kind} {name} of the type expected; rebuild the agent")]
    Missing {
        /// `program` or `map`.
        kind: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A step with one program failed.
    #[error("program {program}: {step} failed: {}", chain(.source))]
    Program {
        /// Name of the program.
        program: &'static str,
        /// What was tried: `load`, `attach`, `run on CPU n`.
        step: String,
        /// What the kernel said.
        #[source]
        source: Box<ProgramError>,
    },
    /// A file of the cgroup tree could not be opened or made.
    #[error("{step} {} failed: {source}", .path.display())]
    File {
        /// What was tried.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Reading a map failed.
    #[error("reading map {map} failed: {source}")]
    Read {
        /// Name of the map.
        map: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Reading a map failed inside aya.
    #[error("map {map}: {}", chain(.source))]
    Map {
        /// Name of the map.
        map: &'static str,
        /// What aya said.
        #[source]
        source: Box<MapError>,
    },
    /// Everything is attached and yet it does not count.
    #[error("the self-test failed: {0}")]
    SelfTest(String),
}

/// What the caller decides about the kernel's side.
#[derive(Clone, Debug)]
pub struct KernelSettings {
    /// The agent's own executable, which the self-test starts as its load.
    pub executable: PathBuf,
    /// Charge running tasks before each read. Off only in the test that proves why it is on.
    pub flush_running: bool,
}

/// Loads, attaches, flushes once and proves that it counts. On any error everything is detached again.
pub fn start(plan: &KernelPlan, settings: &KernelSettings) -> Result<KernelCounters, KernelError> {
    let started = start_proven(plan, settings);
    give_back_memory();
    started
}

fn start_proven(plan: &KernelPlan, settings: &KernelSettings) -> Result<KernelCounters, KernelError> {
    let current_ancestor = u8::from(plan.current_ancestor);
    let task_layout = match plan.cpu_account {
        CpuAccount::Scheduler(layout) => layout,
        CpuAccount::Clock { .. } => TaskLayout::UNKNOWN,
    };
    let mut ebpf = EbpfLoader::new()
        .map_max_entries(names::COUNTERS, plan.max_cgroups)
        .map_max_entries(names::LINEAGES, plan.max_cgroups)
        .override_global(names::HAS_CURRENT_ANCESTOR, &current_ancestor, true)
        .override_global(names::TASK_LAYOUT, &task_layout, true)
        .load(OBJECT)
        .map_err(|error| KernelError::Object(Box::new(error)))?;

    attach_network(
        &mut ebpf,
        &plan.v2_root,
        names::COUNT_INGRESS,
        CgroupSkbAttachType::Ingress,
    )?;
    attach_network(
        &mut ebpf,
        &plan.v2_root,
        names::COUNT_EGRESS,
        CgroupSkbAttachType::Egress,
    )?;
    let flush = attach_account(&mut ebpf, &plan.cpu_account)?;

    let counters_fd = descriptor(&ebpf, names::COUNTERS)?;
    let slots = open_slots(&mut ebpf)?;
    let counters: PerCpuHashMap<_, u64, _> = open(&mut ebpf, names::COUNTERS)?;
    let lineages: HashMap<_, u64, _> = open(&mut ebpf, names::LINEAGES)?;
    let losses: PerCpuArray<_, [u64; LossKind::COUNT]> = open(&mut ebpf, names::LOSSES)?;
    // Without its reader the programs' messages are lost, which is no reason not to count.
    let messages = EbpfLogger::init(&mut ebpf)
        .inspect_err(|error| tracing::warn!("messages of the kernel programs are not shown: {error}"))
        .ok();
    let mut kernel = KernelCounters::new(
        ebpf,
        Maps {
            counters,
            counters_fd,
            slots,
            lineages,
            losses,
        },
        messages,
        flush,
        settings.flush_running,
    )?;
    // The first slice of each task is charged from here on.
    kernel.flush()?;
    selftest::run(&mut kernel, &plan.v2_root, &settings.executable)?;
    Ok(kernel)
}

/// Looking through the kernel's BTF takes some tens of MB for a moment, which the allocator would keep.
#[cfg(target_env = "gnu")]
fn give_back_memory() {
    #![expect(unsafe_code, reason = "a foreign function")]
    // SAFETY: it takes a number and touches free memory only.
    let _some_given_back = unsafe { libc::malloc_trim(0) };
}

/// Other C libraries give large blocks back by themselves.
#[cfg(not(target_env = "gnu"))]
fn give_back_memory() {}

/// A descriptor of a map for the calls that aya has not.
fn descriptor(ebpf: &Ebpf, name: &'static str) -> Result<OwnedFd, KernelError> {
    let Some(Map::PerCpuHashMap(data)) = ebpf.map(name) else {
        return Err(KernelError::Missing { kind: "map", name });
    };
    data.fd()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|source| KernelError::Read { map: name, source })
}

fn open_slots(ebpf: &mut Ebpf) -> Result<SlotMaps, KernelError> {
    let (owners, name) = (names::SLOT_OWNERS, names::SLOT_COUNTERS);
    let Some(Map::Array(data)) = ebpf.map(owners) else {
        return Err(KernelError::Missing {
            kind: "map",
            name: owners,
        });
    };
    let owners = Owners::map(data.fd().as_fd()).map_err(|source| KernelError::Read { map: owners, source })?;
    Ok(SlotMaps::new(owners, open(ebpf, name)?))
}

fn open<T>(ebpf: &mut Ebpf, name: &'static str) -> Result<T, KernelError>
where
    T: TryFrom<Map, Error = MapError>,
{
    let map = ebpf.take_map(name).ok_or(KernelError::Missing { kind: "map", name })?;
    T::try_from(map).map_err(|source| KernelError::Map {
        map: name,
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests {
    use agent_common::{CgroupCounters, ChargedUpTo, LINEAGE_LEVELS, PENDING_CHARGES, PendingCharge, SLOTS};
    use aya_obj::Object;

    use super::*;

    fn object() -> Object {
        assert!(
            !OBJECT.is_empty(),
            "built with AYA_BUILD_SKIP: there is no object to look at"
        );
        Object::parse(OBJECT).unwrap()
    }

    #[test]
    fn the_object_has_every_map_and_program_by_its_name() {
        let object = object();
        for name in names::ALL_MAPS.into_iter().chain([names::AYA_LOGS]) {
            assert!(object.maps.contains_key(name), "no map {name}");
        }
        for name in names::ALL_PROGRAMS {
            assert!(object.programs.contains_key(name), "no program {name}");
        }
    }

    #[test]
    fn keys_and_values_are_as_large_as_the_agent_reads_them() {
        let object = object();
        let size = |name: &str| {
            let map = &object.maps[name];
            (map.key_size() as usize, map.value_size() as usize)
        };
        assert_eq!(size(names::COUNTERS), (8, size_of::<CgroupCounters>()));
        assert_eq!(size(names::SLOT_OWNERS), (4, 8 * SLOTS));
        assert_eq!(size(names::SLOT_COUNTERS), (4, SLOTS * size_of::<CgroupCounters>()));
        assert_eq!(size(names::LINEAGES), (8, 8 * LINEAGE_LEVELS));
        assert_eq!(size(names::CHARGED_UP_TO), (4, size_of::<ChargedUpTo>()));
        assert_eq!(size(names::PENDING), (4, PENDING_CHARGES * size_of::<PendingCharge>()));
        assert_eq!(size(names::LOSSES), (4, 8 * LossKind::COUNT));
    }
}
