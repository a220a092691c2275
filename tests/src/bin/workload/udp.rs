//! UDP datagrams, paced so that no queue on the way overflows.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt::UdpGsoSegment};

use crate::tcp::sleep_until;

/// Payload of the largest IPv4 datagram.
const MOST_BYTES: u64 = 65_507;
/// What one command may send.
const MOST_PACKETS: u64 = 10_000_000;
/// Slow enough that a receiver on a busy machine keeps up.
const DEFAULT_PACKETS_PER_S: u64 = 10_000;

/// What to send.
pub(crate) struct Datagrams {
    pub(crate) to: SocketAddr,
    /// How many sends.
    pub(crate) count: u64,
    /// Payload of one send.
    pub(crate) size: u64,
    /// Payload of the datagrams that the kernel cuts a send into; none leaves it whole.
    pub(crate) segment: Option<u16>,
    pub(crate) per_second: Option<u64>,
}

/// Reads and discards datagrams for `time`, then prints how many came.
pub(crate) fn sink(on: IpAddr, port: u16, time: Duration) -> Result<(), String> {
    receive(on, port, time).map_err(|error| format!("port {port}: {error}"))
}

fn receive(on: IpAddr, port: u16, time: Duration) -> io::Result<()> {
    let socket = UdpSocket::bind((on, port))?;
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

/// Sends them, and prints how many of the sends a filter of the kernel refused.
pub(crate) fn send(datagrams: &Datagrams) -> Result<(), String> {
    if datagrams.size > MOST_BYTES || datagrams.count > MOST_PACKETS {
        return Err(format!("at most {MOST_PACKETS} packets of at most {MOST_BYTES} bytes"));
    }
    let refused = send_all(datagrams).map_err(|error| format!("sending to {}: {error}", datagrams.to))?;
    println!("refused {refused}");
    Ok(())
}

fn send_all(datagrams: &Datagrams) -> io::Result<u64> {
    // unconnected: an ICMP error of the far side must not end the count early
    let from: IpAddr = match datagrams.to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((from, 0))?;
    if let Some(segment) = datagrams.segment {
        setsockopt(&socket, UdpGsoSegment, &i32::from(segment))?;
    }
    let payload = vec![0x5a; usize::try_from(datagrams.size).map_err(io::Error::other)?];
    let per_second = datagrams.per_second.unwrap_or(DEFAULT_PACKETS_PER_S);
    let start = Instant::now();
    let mut refused = 0;
    for packet in 1..=datagrams.count {
        match socket.send_to(&payload, datagrams.to) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => refused += 1,
            Err(error) => return Err(error),
        }
        sleep_until(start, packet, per_second);
    }
    Ok(refused)
}
