//! One connection: its deadlines, its requests one after the other, its end.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{
    busy::Busy,
    head_tap::{HeadTap, Heads, may_have_a_length},
    patient::Patient,
    seats::Seat,
    until::Until,
};
use crate::{
    access::{Transport, credentials::InForce},
    api::{
        App,
        audit::Audit,
        door::{Admitted, changes_something},
        problem::Problem,
    },
};

/// The largest head of a request.
pub(super) const MAX_HEAD_BYTES: usize = 16 * 1024;
/// A head has to be there within this, and the next request of a caller that keeps its connection. Not a number of
/// seconds at which programs like to poll: a connection should not end just as it is used again.
const HEAD_DEADLINE: Duration = Duration::from_secs(8);
/// How long a caller may take nothing of its reply.
const REPLY_PATIENCE: Duration = Duration::from_secs(10);
/// Once the agent stops, a connection without a request ends after this.
const REST_DEADLINE: Duration = Duration::from_millis(500);

/// Who is at the other end.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) transport: Transport,
    /// For the log: address and port, or what the kernel says of a local one.
    pub(super) from: String,
    /// When the certificate that was shown is to be shown anew.
    pub(super) until: Option<Until>,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) router: Router,
    pub(super) stop: CancellationToken,
}

/// Serves until the caller goes, breaks the rules, or has to make room.
pub(super) async fn serve<S>(stream: S, peer: Peer, shared: Arc<Shared>, seat: Seat)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Patient::new(stream, REPLY_PATIENCE, seat.is_blocked());
    let (stream, heads) = HeadTap::new(stream);
    let seat = Arc::new(seat);
    let (stop, until) = (shared.stop.clone(), peer.until.clone());
    let peer = Arc::new(peer);
    let service = {
        let seat = Arc::clone(&seat);
        service_fn(move |request: Request<Incoming>| {
            let (shared, peer, heads) = (Arc::clone(&shared), Arc::clone(&peer), heads.clone());
            let busy = Busy::new(Arc::clone(&seat));
            async move {
                let (response, by) = answer(&shared, &peer, &heads, &busy, request).await;
                let changed = by.map(|by| Until {
                    changed: by.until.clone(),
                    at: None,
                });
                let until = [changed, peer.until.clone()];
                Ok::<_, Infallible>(response.map(|body| busy.while_it_streams(body, until)))
            }
        })
    };
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_DEADLINE)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = seat.lost() => return,
        () = stop.cancelled() => {}
        () = Until::is_over(until.as_ref()) => {}
    }
    connection.as_mut().graceful_shutdown();
    let rest = async {
        if tokio::time::timeout(REST_DEADLINE, connection.as_mut()).await.is_err() && seat.is_in_use() {
            let _ended = connection.await;
        }
    };
    tokio::select! {
        () = rest => {}
        () = seat.lost() => {}
    }
}

/// One request, from its head to its reply; with it, the tokens that its caller's was held against.
async fn answer(
    shared: &Shared,
    peer: &Peer,
    heads: &Heads,
    busy: &Busy,
    request: Request<Incoming>,
) -> (Response, Option<Arc<InForce>>) {
    let (mut head, body) = request.into_parts();
    let mut audit = changes_something(&head.method).then(|| Audit::begin(&head, &peer.from));
    let is_chunked = head.headers.contains_key(header::TRANSFER_ENCODING);
    let body_bytes = body.size_hint().exact().unwrap_or_default();
    let has_two_lengths = heads.take(body_bytes, |bytes| is_chunked && may_have_a_length(bytes));
    let door = &shared.app.door;
    let known = if has_two_lengths {
        Err(Problem::TwoLengths)
    } else {
        door.identify(&peer.transport, &head)
    };
    let mut by = None;
    let admitted = known.and_then(|known| {
        let caller = known.map(|Admitted { caller, by: tokens }| {
            by = Some(tokens);
            busy.is_of(&caller);
            if let Some(audit) = &mut audit {
                audit.is_by(&caller);
            }
            caller
        });
        door.permit(caller.as_ref(), &peer.transport, &head)?;
        Ok(caller)
    });
    let answered = admitted.map(|caller| {
        if let Some(caller) = caller {
            head.extensions.insert(caller);
        }
        Request::from_parts(head, Body::new(body))
    });
    let mut response = match (answered, audit) {
        (Ok(request), None) => route(&shared.router, request).await,
        (Ok(request), Some(audit)) => change(shared, audit, request).await,
        (Err(problem), None) => problem.into_response(),
        (Err(problem), Some(audit)) => {
            let mut response = problem.into_response();
            audit.end(&shared.app.strangers, &mut response);
            response
        }
    };
    if is_chunked {
        // Where such a body ends is what programs disagree on: nothing is read behind it.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    (response, by)
}

/// What changes something goes on to its end, and into the log, also when its caller hangs up: nothing is left half-made, and it
/// is known what became of it.
async fn change(shared: &Shared, audit: Audit, request: Request) -> Response {
    let (app, router) = (Arc::clone(&shared.app), shared.router.clone());
    let changing = async move {
        let mut response = route(&router, request).await;
        audit.end(&app.strangers, &mut response);
        response
    };
    shared.app.changes.spawn(changing).await.unwrap_or_else(|error| {
        tracing::error!("a change broke: {error}");
        Problem::Internal.into_response()
    })
}

/// A handler that breaks is a reply of its own, and the end of nothing else.
async fn route(router: &Router, request: Request) -> Response {
    use hyper::service::Service as _;
    let called = std::panic::AssertUnwindSafe(TowerToHyperService::new(router.clone()).call(request));
    match called.catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_panic) => {
            tracing::error!("a handler broke: the request before this line got 500");
            Problem::Internal.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{http::StatusCode, routing::get};

    use super::*;

    async fn breaks() {
        panic!("on purpose");
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_500_for_its_own_request_alone() {
        let router = Router::new()
            .route("/breaks", get(breaks))
            .route("/works", get(|| async { "fine" }));
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            route(&router, request).await.status()
        };
        assert_eq!(ask("/breaks").await, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(ask("/works").await, StatusCode::OK);
    }
}
