//! How much callers whom nobody knows may write into the log: it is a disk of the operator's.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// So many lines at once, as when a controller's token has expired on a busy node,
const AT_ONCE: u32 = 60;
/// and one more after each such time.
const PER_LINE: Duration = Duration::from_secs(1);

/// Lines that strangers may still cause.
#[derive(Debug)]
pub(super) struct Strangers(Mutex<Lines>);

#[derive(Debug)]
struct Lines {
    /// Up to [`AT_ONCE`].
    free: u32,
    /// When the last one was freed.
    freed: Option<Instant>,
    /// Since the last line that was written.
    left_out: u64,
}

impl Default for Strangers {
    fn default() -> Self {
        Self(Mutex::new(Lines {
            free: AT_ONCE,
            freed: None,
            left_out: 0,
        }))
    }
}

impl Strangers {
    /// How many lines were left out since the last one, where one more may be written now; `None` where it is left out too. Those
    /// of callers who are known are always written.
    pub(super) fn left_out(&self, is_stranger: bool, now: Instant) -> Option<u64> {
        let mut lines = self.lines();
        if is_stranger && !lines.take(now) {
            lines.left_out += 1;
            return None;
        }
        Some(std::mem::take(&mut lines.left_out))
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn take(&mut self, now: Instant) -> bool {
        let freed = *self.freed.get_or_insert(now);
        let since = now.saturating_duration_since(freed);
        let more = u32::try_from(since.as_nanos() / PER_LINE.as_nanos())
            .unwrap_or(AT_ONCE)
            .min(AT_ONCE);
        if more > 0 {
            self.free = (self.free + more).min(AT_ONCE);
            // what is left of the time counts for the next one
            self.freed = Some(if more == AT_ONCE { now } else { freed + PER_LINE * more });
        }
        let is_free = self.free > 0;
        self.free = self.free.saturating_sub(1);
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_have_so_many_lines_and_what_is_left_out_is_told_with_the_next() {
        let (strangers, start) = (Strangers::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        for _ in 0..AT_ONCE {
            assert_eq!(strangers.left_out(true, at(0)), Some(0));
        }
        for _ in 0..1000 {
            assert_eq!(strangers.left_out(true, at(900)), None);
        }
        assert_eq!(strangers.left_out(true, at(1000)), Some(1000));
        assert_eq!(strangers.left_out(true, at(1999)), None);
        assert_eq!(
            strangers.left_out(false, at(1999)),
            Some(1),
            "who is known always has a line"
        );
        assert_eq!(
            strangers.left_out(true, at(2000)),
            Some(0),
            "and takes none from others"
        );
        let rested = at(1_000_000);
        let lines = (0..1000).filter(|_| strangers.left_out(true, rested).is_some());
        assert_eq!(u32::try_from(lines.count()), Ok(AT_ONCE));
    }
}
