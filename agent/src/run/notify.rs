//! What the service manager is told (`sd_notify(3)`): that the agent serves, and that it is well. Silent where nobody asked.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::snapshot::Snapshots;

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
        loop {
            tokio::time::sleep(watchdog / 3).await;
            match snapshots.overdue(interval) {
                None => say(&[NotifyState::Watchdog]),
                Some(age) => {
                    tracing::error!("no sample was taken for {age:?}; the watchdog is not told that all is well");
                }
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
