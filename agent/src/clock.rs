//! The two clocks of the agent: one that only goes forward, for rates, and one that people and Docker read.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970, as the system clock says; 0 if it stands before that.
pub fn wall_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_nanos()).ok())
        .unwrap_or(0)
}

/// A clock in whole nanoseconds that only goes forward.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock {
    origin: Instant,
}

impl MonotonicClock {
    /// A clock that starts at 0 now.
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// A moment on this clock; 0 for one before its start.
    pub fn ns_at(&self, moment: Instant) -> u64 {
        u64::try_from(moment.saturating_duration_since(self.origin).as_nanos()).unwrap_or(u64::MAX)
    }
}
