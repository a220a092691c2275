//! Waiting for a thing to happen, never for a time to pass.

use std::thread;
use std::time::{Duration, Instant};

/// How often a thing is looked at while it is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until `look` gives a value; `Err` says what was seen instead. Fails with the last of these when
/// `deadline` has passed.
#[track_caller]
pub fn wait_until<T>(
    what: &str,
    deadline: Duration,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
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
