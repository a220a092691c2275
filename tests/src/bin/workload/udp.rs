//! UDP datagrams, paced so that no queue on the way overflows.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::tcp::sleep_until;

/// Payload of the largest IPv4 datagram.
const MOST_BYTES: u64 = 65_507;
/// What one command may send.
const MOST_PACKETS: u64 = 10_000_000;
/// Slow enough that a receiver on a busy machine keeps up.
const DEFAULT_PACKETS_PER_S: u64 = 10_000;

/// Reads and discards datagrams for `time`, then prints how many came.
pub(crate) fn sink(port: u16, time: Duration) -> Result<(), String> {
    receive(port, time).map_err(|error| format!("port {port}: {error}"))
}

fn receive(port: u16, time: Duration) -> std::io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))?;
    let end = Instant::now() + time;
    let mut buffer = vec![0; 65_536];
    let (mut packets, mut bytes) = (0_u64, 0_u64);
    loop {
        let rest = end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            break;
        }
        socket.set_read_timeout(Some(rest))?;
        if let Ok(size) = socket.recv(&mut buffer) {
            packets += 1;
            bytes += size as u64;
        }
    }
    println!("received {packets} packets, {bytes} bytes");
    Ok(())
}

/// Sends `count` datagrams of `size` bytes.
pub(crate) fn send(to: SocketAddr, count: u64, size: u64, packets_per_s: Option<u64>) -> Result<(), String> {
    if size > MOST_BYTES || count > MOST_PACKETS {
        return Err(format!("at most {MOST_PACKETS} packets of at most {MOST_BYTES} bytes"));
    }
    let payload = vec![0x5a; usize::try_from(size).map_err(|error| error.to_string())?];
    send_all(to, count, &payload, packets_per_s.unwrap_or(DEFAULT_PACKETS_PER_S))
        .map_err(|error| format!("sending to {to}: {error}"))
}

fn send_all(to: SocketAddr, count: u64, payload: &[u8], packets_per_s: u64) -> std::io::Result<()> {
    // unconnected: an ICMP error of the far side must not end the count early
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let start = Instant::now();
    for packet in 1..=count {
        socket.send_to(payload, to)?;
        sleep_until(start, packet, packets_per_s);
    }
    Ok(())
}
