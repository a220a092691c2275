//! Listening, and stopping without dropping who is being served.
//!
//! An accept loop of our own instead of axum's: that one knows no deadline for the head of a request, no limit of
//! connections, and waits for ever for a caller that has sent half a request.

mod busy;
mod connection;
mod head_tap;
mod listener;
mod patient;
mod seats;
pub mod tls;
mod until;

use std::{io, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{App, router};
use crate::access::Transport;
use connection::{Peer, Shared};
use listener::{Accepted, Listener};
use seats::{Seat, Seats};
use tls::{Handshaken, Tls};

pub use listener::{Bound, bind};

/// How long requests that are under way may take after the agent was told to stop.
pub const DRAIN: Duration = Duration::from_secs(10);
/// Connections at one time, over all addresses: some 25 KiB each, most of it buffers of hyper's, and 10 MB in all are what
/// callers may cost.
pub(super) const MAX_CONNECTIONS: usize = 320;
/// How long a TLS handshake may take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
/// After an error that the next call would meet as well, as when there are no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves on all listeners until `stop`, then lets requests under way finish for up to [`DRAIN`].
pub async fn serve(
    app: Arc<App>,
    listeners: Vec<Bound>,
    tls: Option<Arc<Tls>>,
    stop: CancellationToken,
) -> io::Result<()> {
    let connections = TaskTracker::new();
    let server = Server {
        shared: Arc::new(Shared {
            router: router(Arc::clone(&app)),
            app: Arc::clone(&app),
            stop: stop.clone(),
        }),
        seats: Seats::new(MAX_CONNECTIONS),
        tls,
        connections: connections.clone(),
    };
    for bound in listeners {
        connections.spawn(server.clone().accept_all(Listener::new(bound)?));
    }
    tokio::select! {
        () = stop.cancelled() => {}
        // never ends
        () = app.close_unused() => {}
    }
    connections.close();
    app.changes.close();
    let drained = async {
        connections.wait().await;
        app.changes.wait().await;
        app.makers.ended().await;
    };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!(
            "requests were still under way {} s after the stop and were dropped",
            DRAIN.as_secs()
        );
    }
    Ok(())
}

#[derive(Clone, Debug)]
struct Server {
    shared: Arc<Shared>,
    seats: Seats,
    tls: Option<Arc<Tls>>,
    connections: TaskTracker,
}

impl Server {
    async fn accept_all(self, listener: Listener) {
        loop {
            let accepted = tokio::select! {
                () = self.shared.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                // Whoever finds all seats taken by requests under way is closed at once, and may come again.
                Ok(accepted) => {
                    if self.seats.are_all_taken() {
                        // Whoever has gone is noticed first: a caller that comes anew with all its connections at once
                        // takes its own old seats, not those of others.
                        tokio::task::yield_now().await;
                    }
                    if let Some(seat) = self.seats.take() {
                        self.connections.spawn(self.clone().begin(accepted, seat));
                    }
                }
                Err(error) if is_the_callers(&error) => {}
                Err(error) => {
                    tracing::warn!("no connection could be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Each kind of connection is boxed: else one without TLS would have room for one with it.
    async fn begin(self, accepted: Accepted, seat: Seat) {
        match accepted {
            Accepted::Unix(stream) => {
                // Who that is, the kernel noted when they connected. Without that nobody is let in.
                let Ok(credentials) = stream.peer_cred() else { return };
                let peer = Peer {
                    transport: Transport::Unix { uid: credentials.uid() },
                    from: credentials
                        .pid()
                        .map_or_else(|| "unix socket".to_owned(), |pid| format!("unix socket, process {pid}")),
                    until: None,
                };
                Box::pin(connection::serve(stream, peer, self.shared, seat)).await;
            }
            Accepted::Tcp(stream, address) => {
                let from = address.to_string();
                let Some(tls) = self.tls else {
                    let transport = Transport::Tcp { certificate: None };
                    let peer = Peer {
                        transport,
                        from,
                        until: None,
                    };
                    return Box::pin(connection::serve(stream, peer, self.shared, seat)).await;
                };
                let handshake = tokio::select! {
                    done = tokio::time::timeout(HANDSHAKE_DEADLINE, tls.accept(stream)) => done,
                    () = seat.lost() => return,
                    () = self.shared.stop.cancelled() => return,
                };
                if let Ok(Ok(handshaken)) = handshake {
                    let Handshaken {
                        stream,
                        certificate,
                        until,
                    } = handshaken;
                    let peer = Peer {
                        transport: Transport::Tcp { certificate },
                        from,
                        until: Some(until),
                    };
                    Box::pin(connection::serve(stream, peer, self.shared, seat)).await;
                }
            }
        }
    }
}

/// Errors of one connection that went before it was accepted.
fn is_the_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
