//! One guest in QEMU, from its start to its end, within a deadline.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{
    console::{Console, End},
    emulator::Emulator,
};
use crate::command::Command;

/// How often the console is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Beyond the deadline, QEMU is ended also where nobody is left to end it.
const GRACE: Duration = Duration::from_secs(30);

/// A guest to run.
#[derive(Debug)]
pub(crate) struct Guest<'a> {
    pub(crate) emulator: &'a Emulator,
    pub(crate) image: &'a Path,
    pub(crate) initramfs: &'a Path,
    pub(crate) boot_words: &'a [&'a str],
    pub(crate) has_hpet: bool,
    /// Takes what the guest says.
    pub(crate) console: &'a Path,
    pub(crate) accelerator: &'a str,
    pub(crate) deadline: Duration,
}

/// How it ended, and when.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` for a guest that was ended at its deadline, or ended itself without a word.
    pub(crate) end: Option<End>,
    pub(crate) last_told: String,
    pub(crate) facts: Vec<String>,
    /// QEMU's own last words, of one that did not even start the guest.
    pub(crate) emulator_said: Option<String>,
    pub(crate) took: Duration,
}

impl Guest<'_> {
    fn command(&self) -> Command {
        let file = |path: &Path| path.display().to_string();
        let hpet = if self.has_hpet { "on" } else { "off" };
        // the engine would want a parser of profiles
        let words = [
            "console=ttyS0",
            "panic=-1",
            "loglevel=5",
            "no_timer_check",
            "apparmor=0",
        ];
        // one thread for all CPUs of a guest: with one each, a CPU now and then runs code that another is rewriting
        let accelerator = match self.accelerator {
            "tcg" => "tcg,thread=single",
            other => other,
        };
        let append: Vec<&str> = words.iter().chain(self.boot_words).copied().collect();
        self.emulator
            .command()
            .args(["-machine", &format!("pc,hpet={hpet}"), "-accel", accelerator])
            // QEMU 7.2 now and then spoils the flags behind a cmpxchg16b, and the kernel dies of it
            .args(["-cpu", "max,-cx16", "-smp", "2", "-m", "2048"])
            .args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"])
            .args(["-serial", &format!("file:{}", file(self.console))])
            .args(["-kernel", &file(self.image), "-initrd", &file(self.initramfs)])
            .args(["-append", &append.join(" ")])
            .within(self.deadline + GRACE)
            // `timeout` passes that on to QEMU; Ctrl-C does not reach it
            .ended_with_its_starter()
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Result<Ran> {
        let started = Instant::now();
        make_anew(self.console)?;
        let own_words = self.console.with_extension("qemu");
        let log = File::create(&own_words)?;
        let mut child = self.command().spawn(log)?;
        let mut tail = Tail::of(self.console)?;
        let mut console = Console::default();
        let end = loop {
            // first, so that what was said before the end is read after it
            let over = child.try_wait()?.is_some();
            if let Some(end) = tail.lines()?.iter().find_map(|line| console.read(line)) {
                break Some(end);
            }
            if over || started.elapsed() > self.deadline {
                break None;
            }
            thread::sleep(LOOK_EVERY);
        };
        let took = started.elapsed();
        // `timeout` passes SIGTERM on to QEMU, and waits for it
        if child.try_wait()?.is_none() {
            rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
                .context("ending QEMU")?;
        }
        child.wait()?;
        let said = fs::read_to_string(&own_words).unwrap_or_default();
        Ok(Ran {
            emulator_said: said.lines().next_back().map(str::to_owned),
            end,
            last_told: console.last_told,
            facts: console.facts,
            took,
        })
    }
}

/// An empty file that nobody writes to: where a guest of an earlier run lives on, it has the file of before.
fn make_anew(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("removing {}", path.display()));
        }
        _ => {}
    }
    fs::write(path, "").with_context(|| format!("creating {}", path.display()))
}

/// A file that grows, read line by line.
struct Tail {
    file: File,
    path: PathBuf,
    rest: Vec<u8>,
}

impl Tail {
    fn of(path: &Path) -> Result<Self> {
        Ok(Self {
            file: File::open(path).with_context(|| format!("opening {}", path.display()))?,
            path: path.to_owned(),
            rest: Vec::new(),
        })
    }

    /// The lines that have been ended since the last look.
    fn lines(&mut self) -> Result<Vec<String>> {
        self.file
            .read_to_end(&mut self.rest)
            .with_context(|| format!("reading {}", self.path.display()))?;
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Vec::new());
        };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        Ok(String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_a_guest_of_an_earlier_run_says_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("console");
        make_anew(&path).unwrap();
        let mut earlier = File::options().append(true).open(&path).unwrap();
        make_anew(&path).unwrap();
        let mut tail = Tail::of(&path).unwrap();
        earlier.write_all(b"PASSED\n").unwrap();
        assert!(tail.lines().unwrap().is_empty());
    }

    #[test]
    fn only_whole_lines_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("console");
        let mut file = File::create(&path).unwrap();
        let mut tail = Tail::of(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(tail.lines().unwrap(), ["one"]);
        assert!(tail.lines().unwrap().is_empty());
        file.write_all(b"o\r\nthree").unwrap();
        assert_eq!(tail.lines().unwrap(), ["two"]);
    }
}
