//! SIGTERM and SIGHUP to xtask reach what it runs: Ctrl-C the terminal gives to all of them, these come to xtask alone.

use std::{
    fs, io,
    os::fd::OwnedFd,
    process::{Child, ChildStdout, ExitStatus},
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
    thread,
};

use anyhow::{Result, bail};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use signal_hook::{
    consts::{SIGHUP, SIGTERM},
    iterator::Signals,
    low_level::emulate_default_handler,
};

/// Those that xtask itself waits for.
static PROGRAMS: Programs = Programs::new();

/// Programs that run now, and whether they were told to end.
pub(super) struct Programs(Mutex<State>);

struct State {
    running: Vec<Told>,
    /// A signal that has come: nothing is started any more.
    stopped_by: Option<i32>,
    /// Somebody else does what is to be done about signals.
    is_left: bool,
}

/// One that is told of signals. By its file descriptor, which is never that of another process.
#[derive(Clone)]
struct Told {
    process: Arc<OwnedFd>,
    pid: Pid,
    /// Cargo ends and leaves running what it has started: that is told too.
    is_cargo: bool,
}

/// A program that is told of signals as long as this lives.
pub(super) struct Running<'programs> {
    child: Child,
    told: Option<Told>,
    programs: &'programs Programs,
}

/// Those of this process. From the first call on, these signals do not end xtask before what it runs.
pub(super) fn programs() -> &'static Programs {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        if let Err(error) = listen() {
            eprintln!("xtask: SIGTERM will not reach what it runs: {error}");
        }
    });
    &PROGRAMS
}

/// Leaves signals to who has a handler of its own.
pub(crate) fn leave_signals() {
    PROGRAMS.state().is_left = true;
}

fn listen() -> io::Result<()> {
    let status = fs::read_to_string("/proc/self/status")?;
    // what is ignored, `nohup` wants to be so
    let wanted = [SIGTERM, SIGHUP]
        .into_iter()
        .filter(|signal| !is_ignored(*signal, &status));
    let mut signals = Signals::new(wanted)?;
    thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            if !PROGRAMS.tell(signal) {
                // as if it had never been listened to
                let _never = emulate_default_handler(signal);
            }
        }
    })?;
    Ok(())
}

/// Whether a process ignores a signal, by its `/proc/PID/status`.
fn is_ignored(signal: i32, status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

impl Programs {
    const fn new() -> Self {
        Self(Mutex::new(State {
            running: Vec::new(),
            stopped_by: None,
            is_left: false,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a program; no signal comes between its start and its being known.
    pub(super) fn start(&self, is_cargo: bool, spawn: impl FnOnce() -> io::Result<Child>) -> Result<Running<'_>> {
        let mut state = self.state();
        state.check()?;
        let child = spawn()?;
        let pid = Pid::from_child(&child);
        // a kernel that has no such descriptors: then it is told by nobody, as it would be without xtask
        let told = pidfd_open(pid, PidfdFlags::empty()).ok().map(|process| Told {
            process: Arc::new(process),
            pid,
            is_cargo,
        });
        state.running.extend(told.clone());
        Ok(Running {
            child,
            told,
            programs: self,
        })
    }

    /// Passes a signal on. Whether somebody sees to the end of xtask: else it is to end by itself.
    fn tell(&self, signal: i32) -> bool {
        let mut state = self.state();
        if state.is_left {
            return true;
        }
        state.stopped_by = Some(signal);
        let signal = if signal == SIGHUP { Signal::HUP } else { Signal::TERM };
        // what sudo runs takes no signal from an ordinary user
        let told: Vec<bool> = state.running.iter().map(|one| one.tell(signal).is_ok()).collect();
        told.contains(&true)
    }
}

impl State {
    fn check(&self) -> Result<()> {
        match self.stopped_by {
            Some(signal) => bail!("xtask was told to end, by signal {signal}"),
            None => Ok(()),
        }
    }
}

impl Told {
    fn tell(&self, signal: Signal) -> rustix::io::Result<()> {
        let started = if self.is_cargo { children(self.pid) } else { Vec::new() };
        pidfd_send_signal(&self.process, signal)?;
        for pid in started {
            // it may have ended by itself
            let _told = kill_process(pid, signal);
        }
        Ok(())
    }
}

/// What a process has started and is there.
fn children(pid: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid()))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids = lists.flat_map(|list| {
        list.split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect::<Vec<_>>()
    });
    pids.filter_map(Pid::from_raw).collect()
}

impl Running<'_> {
    pub(super) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for its end; an error where that was the end of xtask, too.
    pub(super) fn wait(mut self) -> Result<ExitStatus> {
        let status = self.child.wait()?;
        self.programs.state().check()?;
        Ok(status)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Some(told) = &self.told else { return };
        let mut state = self.programs.state();
        state.running.retain(|one| !Arc::ptr_eq(&one.process, &told.process));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::ExitStatusExt as _,
        process::{Command, Stdio},
        time::{Duration, Instant},
    };

    use super::*;

    fn sleep(programs: &Programs) -> Running<'_> {
        programs
            .start(false, || Command::new("sleep").arg("60").spawn())
            .unwrap()
    }

    #[test]
    fn a_signal_reaches_all_that_runs_and_nothing_is_started_after_it() {
        let programs = Programs::new();
        let mut running = [sleep(&programs), sleep(&programs)];
        assert!(programs.tell(SIGTERM));
        for one in &mut running {
            assert_eq!(one.child.wait().unwrap().signal(), Some(SIGTERM));
        }
        for one in running {
            let error = one.wait().unwrap_err();
            assert_eq!(error.to_string(), "xtask was told to end, by signal 15");
        }
        let refused = programs.start(false, || panic!("it is started"));
        assert!(refused.is_err());
    }

    #[test]
    fn what_cargo_has_started_is_told_too() {
        let programs = Programs::new();
        let mut script = Command::new("sh");
        script.args(["-c", "sleep 60 & echo $!; wait"]).stdout(Stdio::piped());
        let mut cargo = programs.start(true, || script.spawn()).unwrap();
        let mut said = io::BufReader::new(cargo.take_stdout().unwrap());
        io::BufRead::read_line(&mut said, &mut String::new()).unwrap();
        let told = Instant::now();
        // not SIGHUP, which a test that `nohup` started would have handed down as ignored
        assert!(programs.tell(SIGTERM));
        // the end of what it says is the end of all that had its output
        io::copy(&mut said, &mut io::sink()).unwrap();
        assert!(told.elapsed() < Duration::from_secs(30), "it slept to its end");
        assert!(cargo.wait().is_err());
    }

    #[test]
    fn xtask_ends_by_itself_where_nothing_runs_that_can_be_told() {
        let programs = Programs::new();
        let mut ended = programs.start(false, || Command::new("true").spawn()).unwrap();
        ended.child.wait().unwrap();
        drop(ended);
        assert!(!programs.tell(SIGTERM));
    }

    #[test]
    fn signals_that_are_left_to_somebody_else_do_not_end_xtask() {
        let programs = Programs::new();
        programs.state().is_left = true;
        assert!(programs.tell(SIGTERM));
        sleep(&programs).child.kill().unwrap();
    }

    #[test]
    fn what_nohup_has_ignored_is_told_by_the_mask() {
        let status = "Name:\txtask\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(SIGHUP, status));
        assert!(!is_ignored(SIGTERM, status));
        assert!(!is_ignored(SIGHUP, ""));
    }
}
