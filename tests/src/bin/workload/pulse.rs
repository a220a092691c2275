//! A container that is busy a little, all the time.

use std::hint::black_box;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

/// Between two pulses.
const PERIOD: Duration = Duration::from_millis(100);
/// Half a percent of a CPU.
const SPIN: Duration = Duration::from_micros(500);
const PAYLOAD: [u8; 200] = [0x5a; 200];

/// Until `time` has passed, spins and sends one datagram in each [`PERIOD`]. What it missed while it was stopped it
/// does not make up for.
pub(crate) fn pulse(to: SocketAddr, time: Duration) -> Result<(), String> {
    run(to, time).map_err(|error| format!("sending to {to}: {error}"))
}

fn run(to: SocketAddr, time: Duration) -> io::Result<()> {
    // unconnected: nobody has to listen there
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let end = Instant::now() + time;
    while Instant::now() < end {
        let spun = Instant::now() + SPIN;
        while Instant::now() < spun {
            black_box(());
        }
        socket.send_to(&PAYLOAD, to)?;
        thread::sleep(PERIOD);
    }
    Ok(())
}
