//! TCP streams: counted bytes out, counted bytes in.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// One write: small enough that a pace is even, large enough that packets are full. What is left of a write travels in
/// a packet of its own.
const CHUNK_BYTES: usize = 64 * 1024;
/// The same at a high pace, and without one.
const LARGE_CHUNK_BYTES: usize = 256 * 1024;
/// From here on a pace is high.
const HIGH_PACE_BYTES_PER_S: u64 = 16 << 20;
/// A peer that was just started may not listen yet.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Both ends give up on a peer that is silent for this long.
const SILENCE: Duration = Duration::from_mins(1);
/// What one command may send.
const MOST_BYTES: u64 = 16 << 30;
/// What one command may open.
const MOST_CONNECTIONS: u64 = 100_000;

/// Listens there.
pub(crate) fn listen(on: IpAddr, port: u16) -> Result<TcpListener, String> {
    TcpListener::bind((on, port)).map_err(|error| format!("cannot listen on {on} port {port}: {error}"))
}

/// Accepts connections for `time`, reads each to its end, and prints how many bytes came.
pub(crate) fn sink(listener: TcpListener, time: Duration) {
    // the threads are ended with the process
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || match drain(stream) {
                Ok(bytes) => println!("received {bytes}"),
                Err(error) => eprintln!("connection broke: {error}"),
            });
        }
    });
    thread::sleep(time);
}

/// Sends `bytes` and waits until the peer has read them all and closed.
pub(crate) fn send(to: SocketAddr, bytes: u64, bytes_per_s: Option<u64>) -> Result<(), String> {
    if bytes > MOST_BYTES {
        return Err(format!("bytes must be at most {MOST_BYTES}"));
    }
    send_all(to, bytes, bytes_per_s).map_err(|error| format!("sending to {to}: {error}"))
}

/// Opens `count` connections one after the other; each is closed by this side first, and over when the peer has closed
/// its own.
pub(crate) fn connect_and_close(to: SocketAddr, count: u64) -> Result<(), String> {
    if count > MOST_CONNECTIONS {
        return Err(format!("at most {MOST_CONNECTIONS} connections"));
    }
    for _ in 0..count {
        send(to, 0, None)?;
    }
    Ok(())
}

/// Sends `bytes` to itself over 127.0.0.1.
pub(crate) fn loopback(bytes: u64, bytes_per_s: Option<u64>) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    let to = listener.local_addr().map_err(|error| error.to_string())?;
    let reader = thread::spawn(move || listener.accept().and_then(|(stream, _)| drain(stream)));
    send(to, bytes, bytes_per_s)?;
    match reader.join() {
        Ok(Ok(received)) if received == bytes => Ok(()),
        other => Err(format!("the reader ended with {other:?}")),
    }
}

fn send_all(to: SocketAddr, bytes: u64, bytes_per_s: Option<u64>) -> io::Result<()> {
    let mut stream = connect(to)?;
    let is_fast = bytes_per_s.is_none_or(|pace| pace >= HIGH_PACE_BYTES_PER_S);
    let chunk = vec![0x5a; if is_fast { LARGE_CHUNK_BYTES } else { CHUNK_BYTES }];
    let start = Instant::now();
    let mut sent = 0_u64;
    while sent < bytes {
        let rest = usize::try_from(bytes - sent).unwrap_or(usize::MAX);
        let size = rest.min(chunk.len());
        stream.write_all(&chunk[..size])?;
        sent += size as u64;
        if let Some(rate) = bytes_per_s {
            sleep_until(start, sent, rate);
        }
    }
    stream.shutdown(Shutdown::Write)?;
    drain(stream).map(|_| ())
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let deadline = Instant::now() + CONNECT_PATIENCE;
    loop {
        match TcpStream::connect_timeout(&to, CONNECT_PATIENCE) {
            Ok(stream) => {
                stream.set_write_timeout(Some(SILENCE))?;
                return Ok(stream);
            }
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn drain(mut stream: TcpStream) -> io::Result<u64> {
    stream.set_read_timeout(Some(SILENCE))?;
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut total = 0;
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(total),
            read => total += read as u64,
        }
    }
}

/// Sleeps until `done` units are due at `rate` a second since `start`.
pub(crate) fn sleep_until(start: Instant, done: u64, rate: u64) {
    let due_ns = u128::from(done) * 1_000_000_000 / u128::from(rate);
    let due = Duration::from_nanos(u64::try_from(due_ns).unwrap_or(u64::MAX));
    thread::sleep(due.saturating_sub(start.elapsed()));
}
