//! TCP streams: counted bytes out, counted bytes in.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// One write: small enough that a pace is even, large enough that segments are full.
const CHUNK_BYTES: usize = 64 * 1024;
/// A peer that was just started may not listen yet.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Both ends give up on a peer that is silent for this long.
const SILENCE: Duration = Duration::from_mins(1);
/// What one command may send.
const MOST_BYTES: u64 = 16 << 30;

/// Accepts connections for `time`, reads each to its end, and prints how many bytes came.
pub(crate) fn sink(port: u16, time: Duration) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).map_err(|error| error.to_string())?;
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
    Ok(())
}

/// Sends `bytes` and waits until the peer has read them all and closed.
pub(crate) fn send(to: SocketAddr, bytes: u64, bytes_per_s: Option<u64>) -> Result<(), String> {
    if bytes > MOST_BYTES {
        return Err(format!("bytes must be at most {MOST_BYTES}"));
    }
    send_all(to, bytes, bytes_per_s).map_err(|error| format!("sending to {to}: {error}"))
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
    let chunk = vec![0x5a; CHUNK_BYTES];
    let start = Instant::now();
    let mut sent = 0_u64;
    while sent < bytes {
        let rest = usize::try_from(bytes - sent).unwrap_or(usize::MAX);
        let size = rest.min(CHUNK_BYTES);
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
