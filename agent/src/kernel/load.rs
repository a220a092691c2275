//! Loading and attaching. Every error names the program and the step.

use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, OwnedFd},
    path::{Path, PathBuf},
};

use agent_common::{TaskLayout, names};
use aya::{
    Btf, Ebpf, EbpfLoader,
    maps::{HashMap, Map, MapError, PerCpuArray, PerCpuHashMap},
    programs::{BtfTracePoint, CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, Program, ProgramError, RawTracePoint},
};
use aya_log::EbpfLogger;
use thiserror::Error;

use super::{
    counters::KernelCounters,
    facts::chain,
    plan::{CpuAccount, KernelPlan},
    selftest,
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
    let counters: PerCpuHashMap<_, u64, _> = open(&mut ebpf, names::COUNTERS)?;
    let lineages: HashMap<_, u64, _> = open(&mut ebpf, names::LINEAGES)?;
    let losses: PerCpuArray<_, u64> = open(&mut ebpf, names::LOSSES)?;
    // Without its reader the programs' messages are lost, which is no reason not to count.
    let messages = EbpfLogger::init(&mut ebpf)
        .inspect_err(|error| tracing::warn!("messages of the kernel programs are not shown: {error}"))
        .ok();
    let mut kernel = KernelCounters::new(
        ebpf,
        (counters, counters_fd),
        lineages,
        losses,
        messages,
        flush,
        settings.flush_running,
    )?;
    // The first slice of each task is charged from here on.
    kernel.flush()?;
    selftest::run(&mut kernel, &plan.v2_root, &settings.executable)?;
    give_back_memory();
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

/// The program of that name, as the type it must be.
fn program<'a, T>(ebpf: &'a mut Ebpf, name: &'static str) -> Result<&'a mut T, KernelError>
where
    &'a mut T: TryFrom<&'a mut Program, Error = ProgramError>,
{
    let missing = KernelError::Missing { kind: "program", name };
    match ebpf.program_mut(name).map(TryInto::try_into) {
        Some(Ok(program)) => Ok(program),
        _ => Err(missing),
    }
}

fn failed(program: &'static str, step: &str) -> impl FnOnce(ProgramError) -> KernelError {
    move |source| {
        // The verifier's whole opinion is for whoever reads the debug log; the error is one line.
        tracing::debug!("program {program}: {step}: {source}");
        KernelError::Program {
            program,
            step: step.to_owned(),
            source: Box::new(source),
        }
    }
}

pub(super) fn attach_network(
    ebpf: &mut Ebpf,
    v2_root: &Path,
    name: &'static str,
    attach_type: CgroupSkbAttachType,
) -> Result<(), KernelError> {
    let root = File::open(v2_root).map_err(|source| KernelError::File {
        step: "opening",
        path: v2_root.to_owned(),
        source,
    })?;
    let program: &mut CgroupSkb = program(ebpf, name)?;
    program.load().map_err(failed(name, "load"))?;
    // A link is always one of many; the mode that says so is refused with links (EINVAL).
    program
        .attach(root, attach_type, CgroupAttachMode::default())
        .map_err(failed(name, "attach to the cgroup root"))?;
    Ok(())
}

pub(super) fn attach_cpu(ebpf: &mut Ebpf, name: &'static str) -> Result<(), KernelError> {
    let program: &mut RawTracePoint = program(ebpf, name)?;
    program.load().map_err(failed(name, "load"))?;
    program
        .attach("sched_switch")
        .map_err(failed(name, "attach to sched_switch"))?;
    Ok(())
}

/// Attaches the program that measures as planned, and gives the name of the one that charges running tasks. Where the
/// kernel refuses to show the scheduler's account after all, the clock serves.
fn attach_account(ebpf: &mut Ebpf, account: &CpuAccount) -> Result<&'static str, KernelError> {
    let because = match account {
        CpuAccount::Scheduler(_) => match attach_task(ebpf) {
            Ok(()) => return Ok(names::FLUSH_TASK),
            Err(error) => error.to_string(),
        },
        CpuAccount::Clock { because } => because.clone(),
    };
    tracing::info!("CPU time is measured by the clock, not taken from the scheduler: {because}");
    attach_cpu(ebpf, names::CHARGE_CPU)?;
    Ok(names::CHARGE_CPU)
}

fn attach_task(ebpf: &mut Ebpf) -> Result<(), KernelError> {
    let (name, flush) = (names::CHARGE_TASK, names::FLUSH_TASK);
    let unread = |source| KernelError::Program {
        program: name,
        step: "reading the kernel's BTF".to_owned(),
        source: Box::new(ProgramError::Btf(source)),
    };
    // The flush first: were it refused, nothing would be attached.
    let flusher: &mut RawTracePoint = program(ebpf, flush)?;
    flusher.load().map_err(failed(flush, "load"))?;
    let btf = Btf::from_sys_fs().map_err(unread)?;
    let charger: &mut BtfTracePoint = program(ebpf, name)?;
    charger.load("sched_switch", &btf).map_err(failed(name, "load"))?;
    charger.attach().map_err(failed(name, "attach to sched_switch"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use agent_common::{CgroupCounters, ChargedUpTo, LINEAGE_LEVELS, LossKind, PENDING_CHARGES, PendingCharge};
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
        assert_eq!(size(names::LINEAGES), (8, 8 * LINEAGE_LEVELS));
        assert_eq!(size(names::CHARGED_UP_TO), (4, size_of::<ChargedUpTo>()));
        assert_eq!(size(names::PENDING), (4, PENDING_CHARGES * size_of::<PendingCharge>()));
        assert_eq!(size(names::LOSSES), (4, 8));
        assert_eq!(object.maps[names::LOSSES].max_entries(), LossKind::COUNT);
    }
}
