//! The kernel programs that the agent's executable carries, loaded without the agent.

use anyhow::{Context as _, Result};
use aya::Ebpf;
use aya::programs::CgroupSkb;

use super::SEE_PACKETS;

/// Of an ELF file: its first bytes, and where it tells its machine.
const ELF: &[u8] = b"\x7fELF";
const MACHINE_AT: usize = 18;
/// `EM_BPF`, as a file for little-endian machines has it.
const BPF: &[u8] = &[247, 0];

/// Has the kernel load the programs that see packets, and lets them go. An error has the verifier's whole output.
pub fn load_carried(executable: &[u8]) -> Result<()> {
    let is_object = |at: &usize| {
        let rest = &executable[*at..];
        rest.starts_with(ELF) && rest.get(MACHINE_AT..).is_some_and(|rest| rest.starts_with(BPF))
    };
    let object = (0..executable.len()).find(is_object);
    let object = object.context("the executable has no object for BPF in it")?;
    let mut ebpf = Ebpf::load(&executable[object..])?;
    for name in SEE_PACKETS {
        let program = ebpf.program_mut(name).with_context(|| format!("no program {name}"))?;
        let program: &mut CgroupSkb = program.try_into()?;
        program.load()?;
    }
    Ok(())
}
