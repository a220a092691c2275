//! A service as a caller of the agent would run it: HTTP on `$PORT`, and load on request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::args::Args;
use crate::{load, tcp};

const DEFAULT_PORT: u16 = 3000;
/// Connections served and loads carried at one time.
const MOST_AT_ONCE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest request line that is read.
const MOST_LINE_BYTES: u64 = 4096;

/// Serves until it is told to end.
pub(crate) fn serve(_args: &Args) -> Result<(), String> {
    let port = match std::env::var("PORT") {
        Ok(text) => text.parse().map_err(|_| format!("PORT is not a port: {text}"))?,
        Err(_) => DEFAULT_PORT,
    };
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    println!("listening on port {port}");
    let running = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        if let Some(slot) = Slot::take(&running) {
            let running = Arc::clone(&running);
            thread::spawn(move || {
                if let Err(error) = answer(stream, port, &running) {
                    eprintln!("request failed: {error}");
                }
                drop(slot);
            });
        }
    }
    Ok(())
}

/// One of [`MOST_AT_ONCE`] places, given back on drop.
struct Slot(Arc<AtomicUsize>);

impl Slot {
    fn take(running: &Arc<AtomicUsize>) -> Option<Self> {
        let before = running.fetch_add(1, Ordering::Relaxed);
        let slot = Self(Arc::clone(running));
        (before < MOST_AT_ONCE).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn answer(mut stream: TcpStream, port: u16, running: &Arc<AtomicUsize>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let target = read_target(&stream)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let args = Args::from_query(query);
    let started = match path {
        "/" => Ok(format!("ok {port}\n")),
        "/cpu" => args.number("threads").and_then(|threads| {
            let time = args.seconds("seconds")?;
            start(running, move || load::spin(threads, time))
        }),
        "/memory" => args.number("bytes").and_then(|bytes| {
            let time = args.seconds("seconds")?;
            start(running, move || load::hold_memory(bytes, time))
        }),
        "/send" => args.address("to").and_then(|to| {
            let (bytes, rate) = (args.number("bytes")?, args.rate("rate")?);
            start(running, move || tcp::send(to, bytes, rate))
        }),
        _ => return reply(&mut stream, "404 Not Found", "no such path\n"),
    };
    match started {
        Ok(body) => reply(&mut stream, "200 OK", &body),
        Err(message) => reply(&mut stream, "400 Bad Request", &format!("{message}\n")),
    }
}

/// Carries a load in the background, so that the request is answered at once.
fn start(
    running: &Arc<AtomicUsize>,
    job: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Result<String, String> {
    let slot = Slot::take(running).ok_or("too much is running already")?;
    thread::spawn(move || {
        if let Err(message) = job() {
            eprintln!("load ended: {message}");
        }
        drop(slot);
    });
    Ok("started\n".to_owned())
}

/// The path and query of a request; headers are read and left alone.
fn read_target(stream: &TcpStream) -> std::io::Result<String> {
    let mut reader = BufReader::new(stream.take(MOST_LINE_BYTES));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    Ok(first.split_whitespace().nth(1).unwrap_or("/").to_owned())
}

fn reply(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// One request to `to`; prints the body, fails on any status but 200.
pub(crate) fn get(to: SocketAddr, path: &str) -> Result<(), String> {
    let reply = request(to, path).map_err(|error| format!("{to}: {error}"))?;
    let (head, body) = reply.split_once("\r\n\r\n").ok_or("the reply has no end of headers")?;
    if head.split_whitespace().nth(1) != Some("200") {
        return Err(format!("{to} answered {head}"));
    }
    print!("{body}");
    Ok(())
}

fn request(to: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}
