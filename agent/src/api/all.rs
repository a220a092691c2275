//! `GET /containers/status`: the node and all that runs on it, of one snapshot, in one reply.
//!
//! The text of a snapshot is made once for each window, for the first who asks, and compressed once for each way to compress;
//! a reply for one service is made for who asks for it.

mod asked;
mod reply;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::{
    App,
    encoding::Encoding,
    held::is_held,
    once_a_tick::{Bodies, OnceATick},
    problem::Problem,
};
use crate::{containers::ContainerId, history::Summary, launch::LaunchError, snapshot::Snapshot};
use asked::{Asked, Parameters, Window};
pub(super) use reply::All;

/// How long a caller may wait for a snapshot, beyond two intervals: the agent does not keep callers whom it has nothing for.
const PATIENCE: Duration = Duration::from_secs(2);

type Summaries = Arc<HashMap<ContainerId, Summary>>;

/// What is made once a snapshot.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bodies: Bodies<Option<Window>>,
    summaries: OnceATick<Window, Summaries>,
}

/// The node and all containers that run, of one snapshot
///
/// Compressed for who takes gzip or zstd. Who names the `seq` that it has gets the next snapshot as soon as there is one.
#[utoipa::path(
    get, path = "/containers/status", operation_id = "containersStatus", tag = "containers",
    params(
        Parameters,
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of the reply that the caller has"),
        ("Accept-Encoding" = Option<String>, Header, description = "`gzip` or `zstd`, to have it compressed"),
    ),
    responses(
        (
            status = 200, description = "All of it, containers in the order of their names", body = All,
            headers(
                ("ETag" = String, description = "Of the snapshot; weak"),
                ("Vary" = String, description = "`accept-encoding`"),
                ("Cache-Control" = String, description = "`no-cache`"),
                ("Content-Encoding" = String, description = "`gzip` or `zstd`, where the caller takes it"),
            ),
        ),
        (
            status = 304, description = "The caller has it already, as `If-None-Match` says",
            headers(("ETag" = String, description = "Of the snapshot; weak")),
        ),
    ),
)]
pub(super) async fn status(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let asked = Asked::parse(query)?;
    let snapshot = match asked.wait {
        Some(seq) => other_than(&app, seq).await?,
        None => app.snapshots.load_full(),
    };
    if snapshot.node.is_none() {
        return Err(Problem::NodeNotReady);
    }
    let tag = format!("\"{}-{}\"", snapshot.seq, app.events.run());
    let encoding = Encoding::wanted(&headers);
    let mut response = if is_held(&headers, tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = body(&app, snapshot, asked, encoding).await?;
        let mut response = super::list::json(body);
        if let Some(coding) = encoding.header() {
            response.headers_mut().insert(header::CONTENT_ENCODING, coding);
        }
        response
    };
    let with_it = response.headers_mut();
    with_it.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    with_it.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // The tag is of the figures, whichever way they are compressed: a weak one.
    if let Ok(tag) = HeaderValue::try_from(format!("W/{tag}")) {
        with_it.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The latest snapshot, as soon as it is another than that of number `seq`: a newer one, or one of an agent that was started
/// anew and counts from the beginning.
async fn other_than(app: &App, seq: u64) -> Result<Arc<Snapshot>, Problem> {
    let _place = app.hold()?;
    let deadline = Duration::from_nanos(app.interval_ns) * 2 + PATIENCE;
    tokio::select! {
        snapshot = app.snapshots.other_than(seq) => Ok(snapshot),
        () = app.stop.cancelled() => Err(LaunchError::Stopping.into()),
        () = tokio::time::sleep(deadline) => Err(Problem::NoNewerSnapshot),
    }
}

async fn body(app: &Arc<App>, snapshot: Arc<Snapshot>, asked: Asked, encoding: Encoding) -> Result<Bytes, Problem> {
    let Asked { service, window, .. } = asked;
    let summaries = match window {
        Some(window) => {
            let history = Arc::clone(&app.history);
            let make = move || Arc::new(history.summaries(window.duration()));
            Some((
                window,
                app.texts.summaries.get(&app.makers, snapshot.seq, window, make).await?,
            ))
        }
        None => None,
    };
    let (seq, of_all) = (snapshot.seq, service.is_none());
    let renderer = Arc::clone(app);
    let render = move || {
        let reply = All::new(&renderer, &snapshot, service.as_deref(), summaries.as_ref())?;
        serde_json::to_vec(&reply).ok().map(Bytes::from)
    };
    if of_all {
        let bodies = &app.texts.bodies;
        return bodies.get(&app.makers, seq, window, encoding, render).await;
    }
    let body = app.makers.make(move || encoding.encode(render()?)).await?;
    body.ok_or(Problem::Internal)
}
