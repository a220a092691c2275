//! An agent whose kernel program no verifier takes: one number in it is changed.

use anyhow::{Context as _, Result};

/// `r0 = 1; exit`: how a program on a cgroup lets a packet pass.
const PASS: [u8; 16] = [0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
/// No program on a cgroup may give this back.
const INVALID: u8 = 7;
/// The number in the instruction.
const NUMBER_AT: usize = 4;
/// Of an ELF file for BPF: its first bytes, and the type of its machine.
const ELF: &[u8] = b"\x7fELF";
const MACHINE_AT: usize = 18;
const MACHINE: [u8; 2] = [247, 0];

/// Changes the programs inside the agent's executable.
pub(crate) fn make_invalid(agent: &mut [u8]) -> Result<()> {
    let object = find(agent, ELF, |at| {
        agent.get(at + MACHINE_AT..at + MACHINE_AT + 2) == Some(&MACHINE)
    })
    .context("the agent has no object for BPF in it")?;
    let mut changed = 0;
    let mut from = object;
    while let Some(at) = find(&agent[from..], &PASS, |_| true) {
        agent[from + at + NUMBER_AT] = INVALID;
        from += at + PASS.len();
        changed += 1;
    }
    anyhow::ensure!(changed > 0, "no program of the agent ends by giving back 1");
    Ok(())
}

fn find(bytes: &[u8], wanted: &[u8], is_it: impl Fn(usize) -> bool) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from
            + bytes
                .get(from..)?
                .windows(wanted.len())
                .position(|window| window == wanted)?;
        if is_it(at) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Vec<u8> {
        let mut object = ELF.to_vec();
        object.resize(MACHINE_AT, 0);
        object.extend(MACHINE);
        object.extend([9; 6]);
        object.extend(PASS);
        object
    }

    #[test]
    fn only_the_number_is_changed() {
        // the executable is an ELF file itself, and may hold the same bytes
        let mut agent = ELF.to_vec();
        agent.resize(64, 0);
        agent.extend(PASS);
        let before = agent.len();
        agent.extend(object());
        let mut expected = agent.clone();
        expected[before + object().len() - PASS.len() + NUMBER_AT] = INVALID;
        make_invalid(&mut agent).unwrap();
        assert_eq!(agent, expected);
    }

    #[test]
    fn an_agent_without_programs_is_an_error() {
        assert!(make_invalid(&mut [0; 100]).is_err());
        let mut without_end = object();
        without_end.truncate(30);
        assert!(make_invalid(&mut without_end).is_err());
    }
}
