//! An agent that says what the test says: figures that stand still, and refusals that a real one gives only now and then.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::fake_docker::Answer;

/// A connection that says nothing is closed after this, and nobody waits longer for a snapshot.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// A request that has arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `METHOD /path?query`.
    pub what: String,
    /// Its `Authorization`.
    pub authorization: Option<String>,
    /// Its body.
    pub body: String,
}

/// A server on a port of 127.0.0.1.
#[derive(Debug)]
pub struct FakeAgent {
    address: String,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    ending: AtomicBool,
    asked: Mutex<Vec<Asked>>,
    streams: Mutex<Vec<TcpStream>>,
    snapshot: Mutex<Option<Value>>,
    changed: Condvar,
}

impl FakeAgent {
    /// Answers as the function says, at this port or, of port 0, at any.
    #[track_caller]
    pub fn start(port: u16, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::serving(port, None, answer)
    }

    /// [`Self::start`] that answers `GET /containers/status` itself: with this snapshot, or the next one that
    /// [`Self::set`] gives, as `wait` says.
    #[track_caller]
    pub fn with_snapshot(
        port: u16,
        snapshot: Value,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::serving(port, Some(snapshot), answer)
    }

    #[track_caller]
    fn serving(port: u16, snapshot: Option<Value>, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let shared = Arc::new(Shared {
            snapshot: Mutex::new(snapshot),
            ..Shared::default()
        });
        let acceptor = thread::spawn({
            let (shared, answer) = (Arc::clone(&shared), Arc::new(answer));
            move || {
                for stream in listener.incoming().flatten() {
                    if shared.ending.load(Ordering::Relaxed) {
                        return;
                    }
                    lock(&shared.streams).extend(stream.try_clone());
                    let (shared, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                    // ends with its connection, or when the server does; what the caller does is its own matter
                    thread::spawn(move || drop(serve(&stream, &shared, &*answer)));
                }
            }
        });
        Self {
            address,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// Its address, as the orders take it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// The next snapshot.
    pub fn set(&self, snapshot: Value) {
        *lock(&self.shared.snapshot) = Some(snapshot);
        self.shared.changed.notify_all();
    }
}

impl Drop for FakeAgent {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
        for stream in lock(&self.shared.streams).drain(..) {
            let _closed = stream.shutdown(Shutdown::Both);
        }
        // the acceptor waits for somebody
        let _woken = TcpStream::connect(&self.address);
        let _ended = self.acceptor.take().map(JoinHandle::join);
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: &TcpStream, shared: &Shared, answer: &impl Fn(&Asked) -> Answer) -> io::Result<()> {
    stream.set_read_timeout(Some(LONGEST_SILENCE))?;
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader)? {
        lock(&shared.asked).push(asked.clone());
        let snapshot = asked.what.strip_prefix("GET /containers/status");
        let answer = match snapshot.and_then(|query| next_snapshot(shared, query)) {
            Some(snapshot) => Answer::Reply(200, snapshot.to_string()),
            None => answer(&asked),
        };
        match answer {
            Answer::Reply(status, body) => write!(
                stream,
                "HTTP/1.1 {status} Fake\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )?,
            Answer::Raw(bytes) => return stream.write_all(bytes.as_bytes()),
            Answer::Close => return stream.shutdown(Shutdown::Both),
            Answer::Silence => {
                // until the caller gives up, or the server ends
                let _nothing = reader.read(&mut [0])?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The one that there is, or the next where `wait` names that one. None where the test gave none.
fn next_snapshot(shared: &Shared, query: &str) -> Option<Value> {
    let has = query.strip_prefix("?wait=").and_then(|seq| seq.parse::<u64>().ok());
    let is_known = |snapshot: &mut Option<Value>| {
        let seq = snapshot.as_ref().and_then(|snapshot| snapshot["seq"].as_u64());
        has.is_some() && seq == has && !shared.ending.load(Ordering::Relaxed)
    };
    let snapshot = lock(&shared.snapshot);
    let waited = shared.changed.wait_timeout_while(snapshot, LONGEST_SILENCE, is_known);
    let (snapshot, _) = waited.unwrap_or_else(PoisonError::into_inner);
    snapshot.clone()
}

/// `None` at the end of the connection.
fn read(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Asked>> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut asked = Asked {
        what: format!("{method} {path}"),
        ..Asked::default()
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or_default(),
            "authorization" => asked.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(asked))
}
