//! The agent in Consul: registered when it is ready, renewed, and taken off when it stops.
//!
//! Nothing waits for it: where Consul is away, the agent serves as ever and tries again.

mod call;
mod registration;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{config::ConsulTarget, node, snapshot::Snapshots};
use call::CallError;
use registration::Registration;

/// How often Consul hears that the agent lives: three times in the time after which it would not believe it any more.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// After the first failure; it doubles up to [`RENEW_EVERY`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// What the end may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Keeps the agent registered until `stop`.
///
/// `interval` is the sampler's: where that hangs, Consul hears nothing any more, and takes the service for critical.
pub async fn keep_registered(
    target: ConsulTarget,
    snapshots: Arc<Snapshots>,
    interval: Duration,
    stop: CancellationToken,
) {
    let registration = Registration::new(&node::name(), target.service_address, target.service_port);
    tokio::select! {
        () = snapshots.first_figures() => {}
        () = stop.cancelled() => return,
    }
    tokio::select! {
        () = renew(&target, &registration, || snapshots.overdue(interval)) => {}
        () = stop.cancelled() => {}
    }
    let path = registration.deregister_path();
    let farewell = call::put(&target, &path, String::new());
    match tokio::time::timeout(FAREWELL, farewell).await {
        Ok(Ok(())) => tracing::info!("Consul at {target}: {} is taken off", registration.id()),
        Ok(Err(error)) => tracing::warn!(
            "Consul at {target}: {} could not be taken off: {error}",
            registration.id()
        ),
        Err(_) => tracing::warn!(
            "Consul at {target} did not answer; {} expires there by itself",
            registration.id()
        ),
    }
}

/// Never ends. A change is told once: that it is registered, and that it is not any more.
async fn renew(target: &ConsulTarget, registration: &Registration, overdue: impl Fn() -> Option<Duration>) {
    let (mut is_registered, mut was_told, mut pause) = (false, false, FIRST_PAUSE);
    loop {
        if let Some(age) = overdue() {
            tracing::error!("no sample was taken for {age:?}; Consul is not told that all is well");
            tokio::time::sleep(RENEW_EVERY).await;
            continue;
        }
        let told = if is_registered {
            call::put(target, &registration.pass_path(), String::new()).await
        } else {
            register(target, registration).await
        };
        match told {
            Ok(()) => {
                if !is_registered {
                    tracing::info!("Consul at {target}: registered as {}", registration.id());
                }
                (is_registered, was_told, pause) = (true, false, FIRST_PAUSE);
                tokio::time::sleep(RENEW_EVERY).await;
            }
            // Consul has forgotten it, as after a restart without its files.
            Err(CallError::Refused { status, .. }) if is_registered && (status == 404 || status == 500) => {
                is_registered = false;
            }
            Err(error) => {
                if !was_told {
                    tracing::warn!("Consul at {target}: {error}; the agent goes on trying");
                }
                (is_registered, was_told) = (false, true);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RENEW_EVERY);
            }
        }
    }
}

/// A service that is checked by what it tells begins as critical, until it has told.
async fn register(target: &ConsulTarget, registration: &Registration) -> Result<(), CallError> {
    call::put(target, Registration::REGISTER_PATH, registration.body()).await?;
    call::put(target, &registration.pass_path(), String::new()).await
}
