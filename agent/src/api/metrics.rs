//! `GET /metrics`: what Prometheus scrapes.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{
    App, Scraped,
    encoding::{Encoding, Weights},
    once_a_tick::Bodies,
    problem::Problem,
};
use crate::{
    metrics::{self, AgentFacts, Format, cgroup_files::CgroupFiles},
    usage::choose::SourceDecision,
};

/// Files are kept open for so long: the longest time between two scrapes that makes sense (Prometheus looks five minutes back).
const UNUSED_FOR: Duration = Duration::from_mins(5);

/// What is made once for each snapshot and table, and what it is made from.
#[derive(Debug)]
pub(super) struct Scrapes {
    texts: Bodies<(u64, Format)>,
    files: Mutex<Files>,
    proc_root: PathBuf,
    started_ns: u64,
    is_open: bool,
}

/// Files of containers, and when somebody last scraped.
#[derive(Debug)]
struct Files {
    open: CgroupFiles,
    used: Instant,
}

impl Scrapes {
    /// Closes the files when nobody has scraped for a while. Never ends.
    pub(super) async fn close_unused(&self) {
        loop {
            tokio::time::sleep(UNUSED_FOR / 2).await;
            let mut files = match self.files.try_lock() {
                Ok(files) => files,
                Err(TryLockError::Poisoned(files)) => files.into_inner(),
                // who has them is using them
                Err(TryLockError::WouldBlock) => continue,
            };
            if files.used.elapsed() >= UNUSED_FOR {
                files.open.keep_only(|_| false);
            }
        }
    }

    /// Whoever panicked with them has left at worst one file too many.
    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn new(scraped: Scraped) -> Self {
        Self {
            texts: Bodies::default(),
            files: Mutex::new(Files {
                open: scraped.files,
                used: Instant::now(),
            }),
            proc_root: scraped.proc_root,
            started_ns: scraped.started_ns,
            is_open: scraped.is_open,
        }
    }

    fn facts(&self, decision: &SourceDecision, interval_ns: u64) -> AgentFacts {
        AgentFacts {
            decision: decision.clone(),
            interval_ns,
            is_open: self.is_open,
            started_ns: self.started_ns,
            own: metrics::own_usage(),
        }
    }
}

/// What Prometheus scrapes
///
/// The node, the containers that run and the agent; compressed for who takes gzip or zstd. `OpenMetrics` for who names it in `Accept`.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "metrics",
    params(("Accept-Encoding" = Option<String>, Header, description = "`gzip` or `zstd`, to have it compressed")),
    responses((
        status = 200, description = "The series of this moment",
        content(
            (String = "text/plain; version=0.0.4; charset=utf-8"),
            (String = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ),
        headers(
            ("Vary" = String, description = "`accept, accept-encoding`"),
            ("Content-Encoding" = String, description = "`gzip` or `zstd`, where the caller takes it"),
        ),
    )),
)]
pub(super) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshots.load_full();
    if snapshot.node.is_none() {
        return Err(Problem::NodeNotReady);
    }
    let format = wanted(&headers);
    let encoding = Encoding::wanted(&headers);
    // A container that has ended since the tick is told no more.
    let table = app.containers.table();
    let key = (table.generation, format);
    let maker = Arc::clone(&app);
    let body = app
        .scrapes
        .texts
        .get(&app.makers, snapshot.seq, key, encoding, move || {
            let scrapes = &maker.scrapes;
            let facts = scrapes.facts(&maker.decision, maker.interval_ns);
            let mut files = scrapes.files();
            files.used = Instant::now();
            let text = metrics::scrape(&snapshot, &table, &facts, &scrapes.proc_root, &mut files.open, format);
            Some(text.into())
        })
        .await?;
    let content_type = match format {
        Format::Classic => "text/plain; version=0.0.4; charset=utf-8",
        Format::Open => "application/openmetrics-text; version=1.0.0; charset=utf-8",
    };
    let mut response = ([(header::CONTENT_TYPE, content_type)], body).into_response();
    let with_it = response.headers_mut();
    with_it.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    if let Some(coding) = encoding.header() {
        with_it.insert(header::CONTENT_ENCODING, coding);
    }
    Ok(response)
}

/// The format that a caller prefers (RFC 9110, 12.5.1). `OpenMetrics` is only for who names it, since who takes anything may
/// never have heard of it; who names it and wants the classic one as much gets it.
fn wanted(headers: &HeaderMap) -> Format {
    let accepted = Weights::of(headers, header::ACCEPT);
    let open = accepted.get("application/openmetrics-text").unwrap_or(0.0);
    let ranges = ["text/plain", "text/*", "*/*"];
    let classic = ranges.into_iter().find_map(|range| accepted.get(range));
    if open > 0.0 && open >= classic.unwrap_or(0.0) {
        Format::Open
    } else {
        Format::Classic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
        text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_2_49: &str = "application/openmetrics-text;version=1.0.0;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
        application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

    #[test]
    fn who_does_not_prefer_the_other_format_gets_the_classic_one() {
        for (accept, expected) in [
            (None, Format::Classic),
            (Some(""), Format::Classic),
            (Some("*/*"), Format::Classic),
            (Some("application/*"), Format::Classic),
            (Some("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), Format::Classic),
            (Some("application/openmetrics-text;q=0, text/plain"), Format::Classic),
            (Some("application/openmetrics-text;q=0"), Format::Classic),
            (
                Some("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.1"),
                Format::Classic,
            ),
            (Some("application/openmetrics-text;q=0.5, text/*"), Format::Classic),
            (Some("application/openmetrics-text;q=0.5, */*"), Format::Classic),
            (
                Some("application/openmetrics-text;q=0.5, text/plain;q=0.2, */*"),
                Format::Open,
            ),
            (Some("Application/OpenMetrics-Text"), Format::Open),
            (Some("text/plain, application/openmetrics-text"), Format::Open),
            (Some("text/plain;q=0, application/openmetrics-text;q=0.1"), Format::Open),
            (
                Some("application/openmetrics-text;version=0.0.1;q=0, application/openmetrics-text;version=1.0.0"),
                Format::Open,
            ),
            (
                Some("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2"),
                Format::Open,
            ),
            (Some(PROMETHEUS_2), Format::Open),
            (Some(PROMETHEUS_2_49), Format::Open),
            (Some(PROMETHEUS_3), Format::Open),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(wanted(&headers), expected, "{accept:?}");
        }
    }

    #[test]
    fn headers_that_are_sent_more_than_once_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "application/openmetrics-text;q=0.5".parse().unwrap());
        assert_eq!(wanted(&headers), Format::Open);
        headers.append(header::ACCEPT, "text/plain".parse().unwrap());
        assert_eq!(wanted(&headers), Format::Classic);
    }
}
