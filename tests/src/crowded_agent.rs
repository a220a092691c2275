//! An agent with as many containers as a test wants, for what the page does with them: its files from the source tree, and
//! figures that are others at each request.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// A connection that says nothing is closed after this.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);
/// Where the page's files are, beside this crate.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../agent/src/api/page");
/// When the figures begin, in ms since 1970.
const FIRST_SAMPLE_MS: u64 = 1_790_000_000_000;

/// The server; it ends on drop.
#[derive(Debug)]
pub struct CrowdedAgent {
    /// `address:port`.
    pub address: String,
    ending: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl CrowdedAgent {
    /// Serves this many containers. There is always something newer: who waits for it gets it at once.
    #[track_caller]
    pub fn start(containers: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let ending = Arc::new(AtomicBool::new(false));
        let acceptor = thread::spawn({
            let (ending, seq) = (Arc::clone(&ending), Arc::new(AtomicU64::new(0)));
            move || {
                for stream in listener.incoming().flatten() {
                    if ending.load(Ordering::Relaxed) {
                        return;
                    }
                    let seq = Arc::clone(&seq);
                    // ends with its request
                    thread::spawn(move || serve(&stream, &seq, containers));
                }
            }
        });
        Self {
            address,
            ending,
            acceptor: Some(acceptor),
        }
    }
}

impl Drop for CrowdedAgent {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // wakes the acceptor, which then sees that it is over
        let woken = TcpStream::connect(&self.address).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
    }
}

fn serve(stream: &TcpStream, seq: &AtomicU64, containers: u64) {
    // a browser opens connections that it may never use
    let _ = serve_one(stream, seq, containers);
}

fn serve_one(mut stream: &TcpStream, seq: &AtomicU64, containers: u64) -> io::Result<()> {
    stream.set_read_timeout(Some(LONGEST_SILENCE))?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let target = first.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let (status, content_type, body) = answer(path, seq, containers);
    write!(
        stream,
        "HTTP/1.1 {status} Fake\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn answer(path: &str, seq: &AtomicU64, containers: u64) -> (u16, &'static str, Vec<u8>) {
    let json = |status, body: Value| (status, "application/json", body.to_string().into_bytes());
    match path {
        "/containers/status" => json(200, status(seq.fetch_add(1, Ordering::Relaxed) + 1, containers)),
        _ if path.ends_with("/history") => json(200, history()),
        _ => {
            let name = if path == "/" {
                "index.html"
            } else {
                path.trim_start_matches("/page/")
            };
            match fs::read(Path::new(FILES).join(name)) {
                Ok(body) if !name.contains("..") => (200, content_type(name), body),
                _ => json(404, json!({"error": "no such path"})),
            }
        }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        _ => "text/html; charset=utf-8",
    }
}

fn status(seq: u64, containers: u64) -> Value {
    let sampled_at_ms = FIRST_SAMPLE_MS + seq * 1000;
    let all: Vec<Value> = (0..containers)
        .map(|number| container(number, seq, sampled_at_ms))
        .collect();
    json!({
        "seq": seq, "run": "fake", "sampled_at_ms": sampled_at_ms, "interval_ms": 1000,
        "node": {
            "name": "fake", "cpus": {"cpu0": scattered(seq) % 100, "cpu1": 5}, "memory": 32_000_000, "free_memory": 20_000_000,
            "network": {"eth0": {"rx": 1000, "tx": 1000}}, "nb_containers": containers, "source": "ebpf", "docker": "connected",
            "agent": {"map_entries": 0, "lost_updates": 0, "missed_switches": 0, "ticks_missed": 0},
        },
        "containers": all,
    })
}

/// Another CPU figure in each round, so that the order is another as well: the most that a table may have to do.
fn container(number: u64, seq: u64, sampled_at_ms: u64) -> Value {
    let random = scattered(number * 1_000_003 + seq);
    json!({
        "id": format!("{number:064x}"), "name": format!("service-{}-{number:04}", number % 20),
        "service": format!("service-{}", number % 20), "image": "registry.example/some/image:1.2.3", "managed": true,
        "network_mode": "own", "started_at_ms": FIRST_SAMPLE_MS - number * 60_000,
        "cpu": random % 1000 / 10, "memory": random % (1 << 30), "free_memory": 1 << 30,
        "net": {"rx": random % 1_000_000, "tx": random % 70_000}, "source": "ebpf", "sampled_at_ms": sampled_at_ms,
        "interval_ms": 1000,
    })
}

fn history() -> Value {
    let values: Vec<u64> = (0..300).map(|at| scattered(at) % 100).collect();
    json!({
        "window": "5m", "step_ms": 1000, "from_ms": FIRST_SAMPLE_MS - 299_000,
        "cpu": values, "memory": values, "rx": values, "tx": values,
    })
}

/// A number that looks like chance and is the same in each run (the finaliser of `splitmix64`).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) >> 12
}
