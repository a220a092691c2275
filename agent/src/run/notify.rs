//! What the service manager is told (`sd_notify(3)`): that the agent serves, and that it is well. Silent where nobody asked.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::snapshot::Snapshots;

/// Ticks that the sampler may miss before the agent is not well.
const MISSED_TICKS: u32 = 5;

/// Tells that the agent is up once it has figures of the node; after that, where a watchdog watches, that it takes
/// samples. An agent whose sampler hangs says nothing any more, and is started anew.
pub(super) async fn tell(snapshots: Arc<Snapshots>, interval: Duration, source: String, stop: CancellationToken) {
    tokio::select! {
        () = snapshots.first_figures() => say(&[NotifyState::Ready, NotifyState::Status(&source)]),
        () = stop.cancelled() => {}
    }
    let beats = async {
        let Some(watchdog) = sd_notify::watchdog_enabled() else {
            return std::future::pending().await;
        };
        let mut pulse = Pulse::new(Instant::now(), interval * MISSED_TICKS);
        loop {
            tokio::time::sleep(watchdog / 3).await;
            if pulse.beats(snapshots.load().seq, Instant::now()) {
                say(&[NotifyState::Watchdog]);
            } else {
                tracing::error!(
                    "no sample was taken for {:?}; the watchdog is not told that all is well",
                    pulse.patience
                );
            }
        }
    };
    tokio::select! {
        () = beats => {}
        () = stop.cancelled() => say(&[NotifyState::Stopping]),
    }
}

/// Around a reading of files on order: between the two the manager waits.
pub(super) fn reloading(work: impl FnOnce()) {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        say(&[NotifyState::Reloading, now]);
    }
    work();
    say(&[NotifyState::Ready]);
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("the service manager could not be told {states:?}: {error}");
    }
}

/// Whether snapshots still come.
#[derive(Debug)]
struct Pulse {
    seq: u64,
    came: Instant,
    patience: Duration,
}

impl Pulse {
    fn new(now: Instant, patience: Duration) -> Self {
        Self {
            seq: 0,
            came: now,
            patience,
        }
    }

    fn beats(&mut self, seq: u64, now: Instant) -> bool {
        if seq != self.seq {
            self.seq = seq;
            self.came = now;
        }
        now.saturating_duration_since(self.came) <= self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sampler_that_hangs_is_not_well_after_its_patience_and_is_again_when_it_goes_on() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pulse = Pulse::new(start, Duration::from_secs(5));
        for (seq, seconds, well) in [
            (0, 4, true),
            (1, 6, true),
            (2, 16, true),
            (2, 21, true),
            (2, 22, false),
            (2, 60, false),
            (3, 61, true),
        ] {
            assert_eq!(pulse.beats(seq, at(seconds)), well, "{seq} at {seconds} s");
        }
    }
}
