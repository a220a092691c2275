//! What the process needs of the system: signals that end it, and room for open files.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancels `stop` at the first signal and ends the process at the second.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever asks twice does not want to wait; the kernel detaches all"
)]
pub(super) fn stop_on_signal(stop: CancellationToken) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            }
        };
        tracing::info!("{}: stopping", next().await);
        stop.cancel();
        tracing::warn!("{} again: stopped without waiting", next().await);
        std::process::exit(1);
    })
}

/// Three files of each container stay open; the usual soft limit of 1,024 is soon met. What the hard limit allows is
/// taken.
pub(super) fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    ) {
        tracing::debug!("the limit of open files stays: {error}");
    }
}
