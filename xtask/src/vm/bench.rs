//! What the guests of a run share, and one of them from its files to its outcome.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{
    Args, Fault, Outcome,
    console::End,
    emulator::Emulator,
    fault,
    initramfs::Initramfs,
    kernels::{Kernel, modules},
    matrix::{Line, Row, Twist},
    programs::{ENGINE, Programs, SMALL},
    qemu::Guest,
};
use crate::{artifacts, command::workspace};

/// What all guests share.
pub(super) struct Bench {
    dir: PathBuf,
    emulator: Emulator,
    agent: Vec<u8>,
    programs: Programs,
    /// Those for a guest with a Docker engine.
    engine: Programs,
    /// Of each line, once a run and by one at a time.
    kernels: Mutex<BTreeMap<&'static str, Kernel>>,
}

impl Bench {
    pub(super) fn new(args: &Args) -> Result<Self> {
        let agent = artifacts::agent()?;
        let mut programs = Programs::default();
        for name in SMALL {
            programs.add_named(name)?;
        }
        programs.add(Path::new("/init"), &artifacts::guest()?)?;
        programs.add(Path::new("/usr/bin/workload"), &artifacts::workload()?)?;
        let mut engine = Programs::default();
        for name in ENGINE {
            engine.add_named(name)?;
        }
        engine.add_iptables_extensions()?;
        let agent_place = Path::new("/usr/bin/balancer-agent");
        programs.add(agent_place, &agent)?;
        let mut agent = fs::read(&agent).with_context(|| format!("reading {}", agent.display()))?;
        programs.files.remove(agent_place);
        if args.fault == Some(Fault::InvalidProgram) {
            fault::make_invalid(&mut agent)?;
        }
        let dir = workspace()?.join("target/vm");
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        Ok(Self {
            dir,
            emulator: Emulator::find()?,
            agent,
            programs,
            engine,
            kernels: Mutex::default(),
        })
    }

    fn kernel(&self, line: &'static Line, fresh: bool) -> Result<Kernel> {
        let mut kernels = self.kernels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kernel) = kernels.get(line.name) {
            return Ok(kernel.clone());
        }
        let kernel = Kernel::of_line(line, fresh)?;
        kernels.insert(line.name, kernel.clone());
        Ok(kernel)
    }

    /// A guest that could not even be made is one that failed: the others still run.
    pub(super) fn run_row(&self, row: &Row, file: Option<&Path>, args: &Args) -> Outcome {
        let mut outcome = Outcome {
            row: row.name(),
            release: "no kernel".to_owned(),
            took: Duration::ZERO,
            facts: Vec::new(),
            result: Ok(0),
        };
        outcome.result = self
            .try_row(row, file, args, &mut outcome)
            .unwrap_or_else(|error| Err(format!("{error:#}")));
        outcome
    }

    fn try_row(
        &self,
        row: &Row,
        file: Option<&Path>,
        args: &Args,
        outcome: &mut Outcome,
    ) -> Result<Result<u32, String>> {
        let kernel = if let Some(file) = file {
            Kernel::of_file(file)?
        } else {
            self.kernel(row.line()?, args.fresh)?
        };
        outcome.release.clone_from(&kernel.release);
        let name = row.name();
        let initramfs = self.dir.join(format!("{name}.cpio"));
        self.pack(row, &kernel, args.fault == Some(Fault::Hang), &initramfs)?;
        let guest = Guest {
            emulator: &self.emulator,
            image: &kernel.image,
            initramfs: &initramfs,
            boot_words: row.twist.boot_words(),
            has_hpet: row.twist == Twist::SlowClock,
            console: &self.dir.join(format!("{name}.log")),
            accelerator: &args.accelerator,
            deadline: Duration::from_secs(args.deadline),
        };
        let ran = guest.run()?;
        outcome.took = ran.took;
        outcome.facts = ran.facts;
        fs::remove_file(&initramfs).context("removing an archive")?;
        let console = format!("its console is in target/vm/{name}.log");
        Ok(match ran.end {
            Some(End::Passed(count)) => Ok(count),
            Some(End::Failed(what)) => Err(format!("{what}; {console}")),
            Some(End::Crashed(line)) => Err(format!("the kernel gave up: {line}; {console}")),
            None => Err(format!(
                "no verdict after {} s; it told last: {:?}{}; {console}",
                ran.took.as_secs(),
                ran.last_told,
                ran.emulator_said
                    .map(|said| format!("; QEMU said: {said}"))
                    .unwrap_or_default()
            )),
        })
    }

    fn pack(&self, row: &Row, kernel: &Kernel, hang: bool, to: &Path) -> Result<()> {
        let mut archive = Initramfs::create(to)?;
        archive.add_dir("modules")?;
        archive.add(
            Path::new("/row.json"),
            row.for_guest(&kernel.release, hang).to_string().as_bytes(),
        )?;
        archive.add(Path::new("/usr/bin/balancer-agent"), &self.agent)?;
        let (mut files, mut wanted) = (self.programs.files.clone(), modules::NETWORK.as_slice());
        if row.docker {
            files.extend(self.engine.files.clone());
            wanted = &modules::DOCKER;
        }
        for (place, file) in &files {
            archive.add_file(place, file)?;
        }
        for (index, (module, content)) in kernel.modules(wanted)?.iter().enumerate() {
            archive.add(Path::new(&format!("/modules/{index:03}-{module}.ko")), content)?;
        }
        archive.finish()
    }
}
