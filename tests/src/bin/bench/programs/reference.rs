//! The process that keeps the programs to measure beside attached.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use agent_tests::binaries;
use anyhow::{Context as _, Result, ensure};

/// Which of them, as their executable calls it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reference {
    Empty,
    Least,
}

/// Programs that do nothing or the least, attached until dropped.
pub(super) struct ReferencePrograms(Child);

impl ReferencePrograms {
    pub(super) fn attach(v2_root: &Path, which: Reference) -> Result<Self> {
        let which = match which {
            Reference::Empty => "empty",
            Reference::Least => "least",
        };
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(binaries::reference_programs())
            .arg(v2_root)
            .arg(which);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut programs = Self(command.spawn().context("starting the reference programs")?);
        let output = programs.0.stdout.take().context("its output is a pipe")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .context("waiting for the reference programs")?;
        ensure!(
            line.trim() == "attached",
            "the reference programs were not attached: {line:?}"
        );
        Ok(programs)
    }
}

impl Drop for ReferencePrograms {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
