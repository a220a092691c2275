//! Tokens and certificates that change while the agent runs.

use std::{io, sync::Arc, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::notify;
use crate::{
    access::{Credentials, credentials::CredentialsError},
    api::serve::tls::{Tls, TlsError},
};

/// How soon a changed file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads tokens and certificates again when their files change, and on SIGHUP. What cannot be used changes nothing.
pub(super) fn reload(
    credentials: Arc<Credentials>,
    tls: Option<Arc<Tls>>,
    stop: CancellationToken,
) -> io::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            let was_told = tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            if was_told {
                notify::reloading(|| {
                    tell(credentials.reload().map(|()| true));
                    if let Some(tls) = &tls {
                        tell_of_tls(tls.reload().map(|()| true));
                    }
                });
            } else {
                tell(credentials.reload_if_changed());
                if let Some(tls) = &tls {
                    tell_of_tls(tls.reload_if_changed());
                }
            }
        }
    })
}

fn tell(read: Result<bool, CredentialsError>) {
    match read {
        Ok(true) => tracing::info!("tokens were read again"),
        Ok(false) => {}
        Err(error) => tracing::error!("{error}; the tokens that were known stay good"),
    }
}

fn tell_of_tls(read: Result<bool, TlsError>) {
    match read {
        Ok(true) => tracing::info!("certificates were read again"),
        Ok(false) => {}
        Err(error) => tracing::error!("{error}; the certificates that were read before stay in use"),
    }
}
