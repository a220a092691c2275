//! One connection: its deadlines, its requests one after the other, its end.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::FutureExt as _;
use hyper::{
    body::{Body as _, Frame, Incoming},
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
    head_tap::{HeadTap, Heads, may_have_a_length},
    patient::Patient,
    seats::Seat,
};
use crate::{
    access::Transport,
    api::{App, audit::Audit, door::changes_something, problem::Problem},
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
    let (peer, stop) = (Arc::new(peer), shared.stop.clone());
    let service = {
        let seat = Arc::clone(&seat);
        service_fn(move |request: Request<Incoming>| {
            let (shared, peer, heads) = (Arc::clone(&shared), Arc::clone(&peer), heads.clone());
            let busy = Busy::new(Arc::clone(&seat));
            async move {
                let response = answer(&shared, &peer, &heads, request).await;
                Ok::<_, Infallible>(response.map(|body| busy.while_it_streams(body)))
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
    }
    connection.as_mut().graceful_shutdown();
    if tokio::time::timeout(REST_DEADLINE, connection.as_mut()).await.is_err() && seat.is_in_use() {
        let _ended = connection.await;
    }
}

/// Keeps the seat while it lives: the request may be dropped at any time.
struct Busy(Arc<Seat>);

impl Busy {
    fn new(seat: Arc<Seat>) -> Self {
        seat.set_busy(true);
        Self(seat)
    }

    /// A reply that has a length is made, and is sent whether or not somebody else wants the seat; one that goes on, as
    /// events do, is under way until its end.
    fn while_it_streams(self, body: Body) -> Body {
        if body.size_hint().exact().is_some() {
            return body;
        }
        Body::new(Streaming { body, _busy: self })
    }
}

/// A body that keeps its connection's seat.
struct Streaming {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Streaming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set_busy(false);
    }
}

/// One request, from its head to its reply.
async fn answer(shared: &Shared, peer: &Peer, heads: &Heads, request: Request<Incoming>) -> Response {
    let (mut head, body) = request.into_parts();
    let mut audit = changes_something(&head.method).then(|| Audit::begin(&head, &peer.from));
    let is_chunked = head.headers.contains_key(header::TRANSFER_ENCODING);
    let has_two_lengths = heads.take(|bytes| is_chunked && may_have_a_length(bytes));
    let admitted = if has_two_lengths {
        Err(Problem::TwoLengths)
    } else {
        shared.app.door.admit(&peer.transport, &head)
    };
    let mut response = match admitted {
        Err(problem) => problem.into_response(),
        Ok(caller) => {
            if let Some(caller) = caller {
                if let Some(audit) = &mut audit {
                    audit.is_by(&caller);
                }
                head.extensions.insert(caller);
            }
            route(&shared.router, Request::from_parts(head, Body::new(body))).await
        }
    };
    // What came since is this request's body: the next head begins behind it.
    heads.take(|_body| ());
    if is_chunked {
        // Where such a body ends is what programs disagree on: nothing is read behind it.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    if let Some(audit) = audit {
        audit.end(&mut response);
    }
    response
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
