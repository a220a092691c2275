//! Ctrl-C, SIGTERM and a closed terminal as an error at the next wait, so that everything is dropped as after any other
//! error.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::command::leave_signals;

/// How often a wait looks up: nobody sees a Ctrl-C being late by this.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether somebody has asked the demo to stop.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From here on these signals no longer end the process by themselves.
    pub(super) fn listen() -> Result<Self> {
        leave_signals();
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&asked))
                .with_context(|| format!("setting up a handler for signal {signal}"))?;
        }
        Ok(Self(asked))
    }

    /// An error once a signal has come.
    pub(super) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            bail!("stopped by a signal before its time was over");
        }
        Ok(())
    }

    pub(super) fn sleep_until(&self, end: Instant) -> Result<()> {
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(LOOK_EVERY));
        }
    }

    /// Looks until there is something to see; an error of `look` ends the wait.
    pub(super) fn wait_for<T>(
        &self,
        what: &str,
        patience: Duration,
        mut look: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let end = Instant::now() + patience;
        loop {
            self.check()?;
            if let Some(seen) = look()? {
                return Ok(seen);
            }
            if Instant::now() >= end {
                bail!("waited {} s in vain for {what}", patience.as_secs());
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// Waits for the end of something in a clean-up, which no signal cuts short; says whether it came.
pub(super) fn ends_within(patience: Duration, mut has_ended: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + patience;
    loop {
        if has_ended() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupt(asked: bool) -> Interrupt {
        Interrupt(Arc::new(AtomicBool::new(asked)))
    }

    #[test]
    fn a_signal_ends_every_wait() {
        let asked = interrupt(true);
        assert!(asked.check().is_err());
        assert!(asked.sleep_until(Instant::now() + Duration::from_hours(1)).is_err());
        let waited = asked.wait_for("nothing", Duration::from_hours(1), || Ok(None::<()>));
        assert!(waited.is_err());
    }

    #[test]
    fn a_wait_ends_with_what_was_seen_with_an_error_or_with_its_time() {
        let quiet = interrupt(false);
        let seen = quiet.wait_for("a number", Duration::ZERO, || Ok(Some(1)));
        assert_eq!(seen.unwrap(), 1);
        let broken = quiet.wait_for("a number", Duration::from_hours(1), || {
            bail!("broken") as Result<Option<()>>
        });
        assert_eq!(broken.unwrap_err().to_string(), "broken");
        let late = quiet.wait_for("a number", Duration::ZERO, || Ok(None::<()>));
        assert_eq!(late.unwrap_err().to_string(), "waited 0 s in vain for a number");
    }
}
