//! `GET /containers/events`: what happens, as server-sent events.
//!
//! Each reader is a place in the one log, so that it costs a connection and nothing else. What it does not take in time is overwritten
//! there, and it is told how much.

use std::{convert::Infallible, fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;

use super::{App, Waiting, problem::Problem};
use crate::events::{Batch, Place, RunId};

/// How soon a reader that was cut off may come back, in ms.
const RETRY_MS: u32 = 1000;
/// A line that says nothing goes out after so long without events, so that who reads and who is between see that it lives.
const SILENCE: Duration = Duration::from_secs(15);

/// One who reads.
struct Reader {
    app: Arc<App>,
    place: Place,
    /// Given back when the stream is dropped.
    _place: Waiting,
    said_first: bool,
}

/// What happens, as server-sent events
///
/// A stream without end, of `snapshot`, `started`, `died`, `oom` and `renamed`, whose data is an `Event` as JSON, and of `lost`, whose data
/// is `LostEvents`, where a reader was too slow or comes back to an agent that was started anew. A comment every 15 s where nothing happens.
#[utoipa::path(
    get, path = "/containers/events", operation_id = "containerEvents", tag = "containers",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event that the reader has seen, `RUN-NUMBER`: it gets what follows it")),
    responses((
        status = 200, description = "Frames of `id`, `event` and `data`", body = String, content_type = "text/event-stream",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
)]
pub(super) async fn events(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let place = app.hold()?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let reader = Reader {
        place: app.events.place_after(seen.filter(|id| !id.is_empty()).map(parse_id)),
        app,
        _place: place,
        said_first: false,
    };
    let stream = stream::unfold(reader, |mut reader| async move {
        let text = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), reader))
    });
    let head = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would keep events until it has some kilobytes of them
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((head, Body::from_stream(stream)).into_response())
}

impl Reader {
    /// What comes next; `None` when the agent stops.
    async fn next(&mut self) -> Option<String> {
        if !self.said_first {
            self.said_first = true;
            // The head of a reply goes out with its first bytes: now, and not with the first event.
            return Some(format!("retry: {RETRY_MS}\n\n"));
        }
        let run = self.app.events.run();
        tokio::select! {
            () = self.app.stop.cancelled() => None,
            batch = self.app.events.next(&mut self.place) => Some(frames(run, &batch)),
            () = tokio::time::sleep(SILENCE) => Some(":\n\n".to_owned()),
        }
    }
}

/// `RUN-NUMBER`. What is no such thing was never given by any agent: of another run, then.
fn parse_id(text: &str) -> (RunId, u64) {
    let parsed = text
        .split_once('-')
        .and_then(|(run, number)| Some((run.parse().ok()?, number.parse().ok()?)));
    parsed.unwrap_or((RunId::started_at(0), u64::MAX))
}

/// Events as the browser's `EventSource` reads them. What was lost has no id: who comes back asks for what follows it.
fn frames(run: RunId, batch: &Batch) -> String {
    let mut text = String::new();
    // writing into a text does not fail
    if let Some(lost) = batch.lost {
        let data = serde_json::to_string(&lost).unwrap_or_default();
        let _written = write!(text, "event: lost\ndata: {data}\n\n");
    }
    for event in &batch.events {
        let (number, kind, data) = (event.number, event.kind, &event.data);
        let _written = write!(text, "id: {run}-{number}\nevent: {kind}\ndata: {data}\n\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, EventLog, Lost};

    #[tokio::test]
    async fn frames_are_what_an_event_source_reads() {
        let run = RunId::started_at(0x1f_000_000);
        let log = EventLog::new(run);
        let mut place = log.place_after(None);
        log.push(&Event::Snapshot {
            seq: 4,
            sampled_at_ms: 5,
            containers: 6,
        });
        let mut batch = log.next(&mut place).await;
        let expected =
            format!("id: {run}-1\nevent: snapshot\ndata: {{\"seq\":4,\"sampled_at_ms\":5,\"containers\":6}}\n\n");
        assert_eq!(frames(run, &batch), expected);
        batch.lost = Some(Lost { events: Some(3) });
        assert!(frames(run, &batch).starts_with("event: lost\ndata: {\"events\":3}\n\nid: "));
    }

    #[test]
    fn the_id_of_an_event_is_read_back() {
        let run = RunId::started_at(1_790_000_000_123_000_000);
        assert_eq!(parse_id(&format!("{run}-17")), (run, 17));
        for text in ["", "17", "x-17", "1-", "-"] {
            assert_eq!(parse_id(text).1, u64::MAX, "{text}");
        }
    }
}
