//! An engine that fails in a chosen way: what a real one cannot be made to do on demand.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

/// A connection that is left open is closed at the latest after this.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);

/// What becomes of one request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// An HTTP reply with a JSON content type, whatever the body is.
    Reply(u16, String),
    /// These bytes, then the end.
    Raw(&'static str),
    /// Nothing, and the connection stays.
    Silence,
    /// The connection is closed at once.
    Close,
}

/// A server on a unix socket that answers each request as a function of `METHOD /path` says.
#[derive(Debug)]
pub struct FakeDocker {
    dir: TempDir,
    ending: Arc<AtomicBool>,
    requests: Arc<Mutex<Vec<String>>>,
    acceptor: Option<JoinHandle<()>>,
}

impl FakeDocker {
    /// Starts to answer.
    #[track_caller]
    pub fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
        let listener = UnixListener::bind(dir.path().join("docker.sock")).expect("the directory is ours");
        let ending = Arc::new(AtomicBool::new(false));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let acceptor = thread::spawn({
            let (ending, requests, answer) = (Arc::clone(&ending), Arc::clone(&requests), Arc::new(answer));
            move || {
                for stream in listener.incoming().flatten() {
                    if ending.load(Ordering::Relaxed) {
                        return;
                    }
                    let (ending, requests, answer) = (Arc::clone(&ending), Arc::clone(&requests), Arc::clone(&answer));
                    // ends with its connection, or when the server does
                    thread::spawn(move || serve(&stream, &ending, &requests, &*answer));
                }
            }
        });
        Self {
            dir,
            ending,
            requests,
            acceptor: Some(acceptor),
        }
    }

    /// Its address, as the agent takes it.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The requests that have arrived so far, as `METHOD /path`.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("docker.sock")
    }
}

impl Drop for FakeDocker {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // wakes the acceptor, which then sees that it is over
        let woken = UnixStream::connect(self.socket()).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
    }
}

fn serve(stream: &UnixStream, ending: &AtomicBool, requests: &Mutex<Vec<String>>, answer: &impl Fn(&str) -> Answer) {
    // what the agent does with the connection is its own matter
    let _ = serve_one(stream, ending, requests, answer);
}

fn serve_one(
    mut stream: &UnixStream,
    ending: &AtomicBool,
    requests: &Mutex<Vec<String>>,
    answer: &impl Fn(&str) -> Answer,
) -> io::Result<()> {
    stream.set_read_timeout(Some(LONGEST_SILENCE))?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = first.split(' ');
    let request = format!("{} {}", words.next().unwrap_or(""), words.next().unwrap_or(""));
    requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request.clone());
    match answer(&request) {
        Answer::Reply(status, body) => write!(
            stream,
            "HTTP/1.1 {status} Fake\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ),
        Answer::Raw(bytes) => stream.write_all(bytes.as_bytes()),
        Answer::Close => Ok(()),
        Answer::Silence => {
            let end = std::time::Instant::now() + LONGEST_SILENCE;
            while !ending.load(Ordering::Relaxed) && std::time::Instant::now() < end {
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }
    }
}
