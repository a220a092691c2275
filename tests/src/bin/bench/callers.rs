//! Those who ask all the time, each in a thread that ends with its guard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;

/// While it lives, somebody asks.
pub(crate) struct Caller {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Caller {
    /// Asks at this pace; what fails is told on the terminal.
    pub(crate) fn every(period: Duration, mut ask: impl FnMut() -> Result<()> + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                let start = Instant::now();
                if let Err(error) = ask() {
                    eprintln!("bench: a caller got no answer: {error:#}");
                }
                thread::sleep(period.saturating_sub(start.elapsed()));
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
