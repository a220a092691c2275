//! Waiting for a thing to happen, never for a time to pass.

use std::thread;
use std::time::{Duration, Instant};

use crate::machine::busy_ticks;

/// How often a thing is looked at while it is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until `look` gives a value; `Err` says what was seen instead. Fails with the last of these when
/// `deadline` has passed.
#[track_caller]
pub fn wait_until<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(value) => return value,
            Err(seen) if start.elapsed() >= deadline => {
                panic!("waited {deadline:?} for {what}; last seen: {seen}")
            }
            Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}

/// [`wait_until`] for a plain condition.
#[track_caller]
pub fn wait_until_true(what: &str, deadline: Duration, mut look: impl FnMut() -> bool) {
    wait_until(what, deadline, || {
        look().then_some(()).ok_or_else(|| "not yet".to_owned())
    });
}

/// Figures of CPU time are those of the machine as well: a test of them waits until nothing else runs, and fails
/// with that reason where something always does.
#[track_caller]
pub fn wait_for_idle_machine() {
    /// What an agent, an engine and this look take.
    const MOST_BUSY_PERCENT: u64 = 25;
    const DEADLINE: Duration = Duration::from_mins(2);
    let mut before = (busy_ticks(), Instant::now());
    wait_until("the other work on this machine to end", DEADLINE, || {
        thread::sleep(Duration::from_millis(500));
        let now = (busy_ticks(), Instant::now());
        // a tick of /proc is 10 ms: percent of one CPU
        let percent = (now.0 - before.0) * 1000 / u64::try_from((now.1 - before.1).as_millis()).unwrap_or(u64::MAX);
        before = now;
        if percent <= MOST_BUSY_PERCENT {
            Ok(())
        } else {
            Err(format!("{percent} % of one CPU are in use"))
        }
    });
}
