//! Loading and attaching single programs.

use std::{fs::File, path::Path};

use agent_common::names;
use aya::{
    Btf, Ebpf,
    programs::{BtfTracePoint, CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, Program, ProgramError, RawTracePoint},
};

use super::{load::KernelError, plan::CpuAccount};

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
pub(super) fn attach_account(ebpf: &mut Ebpf, account: &CpuAccount) -> Result<&'static str, KernelError> {
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
