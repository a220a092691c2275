//! A reader of server-sent events, who takes them when the test says so.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// A connection on which events come.
#[derive(Debug)]
pub(crate) struct EventStream(BufReader<TcpStream>);

impl EventStream {
    /// Goes on after the event of this id, if one is given.
    #[track_caller]
    pub(crate) fn open(address: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(address).expect("the agent listens");
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        // 1.0: the events are the body, without the lengths of chunks between them
        write!(
            stream,
            "GET /containers/events HTTP/1.0\r\nHost: localhost\r\n{last}\r\n"
        )
        .expect("the agent reads");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a socket has a time limit");
        let mut events = Self(BufReader::new(stream));
        let head = events.lines_to_the_next_empty();
        assert!(head.first().is_some_and(|line| line.contains(" 200 ")), "{head:?}");
        assert!(
            head.iter()
                .any(|line| line.to_lowercase() == "content-type: text/event-stream"),
            "{head:?}"
        );
        events
    }

    /// The next event.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Event {
        loop {
            let lines = self.lines_to_the_next_empty();
            let field = |name: &str| {
                let value = lines
                    .iter()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                value.map(str::to_owned)
            };
            if let (Some(kind), Some(data)) = (field("event"), field("data")) {
                let data = serde_json::from_str(&data).expect("JSON");
                return Event {
                    id: field("id"),
                    kind,
                    data,
                };
            }
        }
    }

    /// The next event of this kind about this container; those before it that are about containers.
    #[track_caller]
    pub(crate) fn until(&mut self, kind: &str, name: &str) -> Vec<Event> {
        let start = Instant::now();
        let mut seen = Vec::new();
        while start.elapsed() < Duration::from_secs(20) {
            let event = self.next();
            let is_it = event.kind == kind && event.data["name"] == name;
            if event.kind != "snapshot" {
                seen.push(event);
            }
            if is_it {
                return seen;
            }
        }
        panic!("no {kind} of {name} in 20 s: {seen:?}");
    }

    #[track_caller]
    fn lines_to_the_next_empty(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).expect("an event comes in time");
            assert!(read > 0, "the stream ended after {lines:?}");
            let line = line.trim_end();
            if line.is_empty() {
                return lines;
            }
            lines.push(line.to_owned());
        }
    }
}
