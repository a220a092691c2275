//! Two threads that wake each other: a task switch for every byte.

use std::io::{self, Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

/// Passes a byte to and fro through two pipes until `time` has passed, and prints how often it came back.
pub(crate) fn ping_pong(time: Duration) -> Result<(), String> {
    let rounds = run(time).map_err(|error| format!("a pipe broke: {error}"))?;
    println!("{rounds}");
    Ok(())
}

fn run(time: Duration) -> io::Result<u64> {
    let (mut to_read, mut to_write) = io::pipe()?;
    let (mut back_read, mut back_write) = io::pipe()?;
    let echo = thread::spawn(move || {
        let mut byte = [0];
        while to_read.read(&mut byte)? > 0 {
            back_write.write_all(&byte)?;
        }
        io::Result::Ok(())
    });
    let end = Instant::now() + time;
    let (mut byte, mut rounds) = ([0x5a], 0);
    while Instant::now() < end {
        to_write.write_all(&byte)?;
        back_read.read_exact(&mut byte)?;
        rounds += 1;
    }
    // the end of what the other thread reads
    drop(to_write);
    echo.join().map_err(|_| io::Error::other("the other end panicked"))??;
    Ok(rounds)
}
