//! Ctrl-C ends a run between two measurements, so that every guard removes what it made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Whether somebody wants the run to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on SIGINT and SIGTERM are noted here.
    pub(crate) fn on_signals() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop)).context("handling signals")?;
        }
        Ok(Self(stop))
    }

    pub(crate) fn check(&self) -> Result<()> {
        ensure!(!self.0.load(Ordering::Relaxed), "interrupted");
        Ok(())
    }

    /// Lets `time` pass; returns how long it was.
    pub(crate) fn sleep(&self, time: Duration) -> Result<Duration> {
        const SLICE: Duration = Duration::from_millis(200);
        let start = Instant::now();
        while let Some(rest) = time.checked_sub(start.elapsed()).filter(|rest| !rest.is_zero()) {
            self.check()?;
            thread::sleep(rest.min(SLICE));
        }
        Ok(start.elapsed())
    }
}
