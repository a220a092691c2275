//! Listening, and stopping without dropping who is being served.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{App, router};

/// How long requests that are under way may take after the agent was told to stop.
pub const DRAIN: Duration = Duration::from_secs(10);

/// Binds an address. Done before anything else is started, so that a port in use leaves no trace.
pub fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves on all listeners until `stop`, then lets requests under way finish for up to [`DRAIN`].
pub async fn serve(app: Arc<App>, listeners: Vec<std::net::TcpListener>, stop: CancellationToken) -> io::Result<()> {
    let servers = TaskTracker::new();
    for listener in listeners {
        let listener = TcpListener::from_std(listener)?;
        let (router, stopped) = (router(Arc::clone(&app)), stop.clone());
        let failed = stop.clone();
        servers.spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(stopped.cancelled_owned())
                .await;
            if let Err(error) = served {
                tracing::error!("serving ended: {error}");
                failed.cancel();
            }
        });
    }
    servers.close();
    stop.cancelled().await;
    app.changes.close();
    let drained = async {
        servers.wait().await;
        app.changes.wait().await;
    };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!(
            "requests were still under way {} s after the stop and were dropped",
            DRAIN.as_secs()
        );
    }
    Ok(())
}
