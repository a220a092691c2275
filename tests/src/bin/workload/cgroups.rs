//! Cgroups that come and go, each with something to count in it. It runs on the machine: a container may not make any.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

/// What one command may make.
const MOST_CGROUPS: u64 = 100_000;
/// 100 with the headers of UDP and IP.
const PAYLOAD: [u8; 72] = [0x5a; 72];

/// Makes `count` cgroups below `below`, one after the other: joins each and sends a datagram in it. Each is removed when
/// the next one is joined, unless all are to stay.
pub(crate) fn come_and_go(below: &Path, count: u64, to: SocketAddr, stay: bool) -> Result<(), String> {
    if count > MOST_CGROUPS {
        return Err(format!("at most {MOST_CGROUPS} cgroups"));
    }
    let made = make_all(below, count, to, stay).map_err(|error| format!("below {}: {error}", below.display()))?;
    println!("made {made}");
    Ok(())
}

fn make_all(below: &Path, count: u64, to: SocketAddr, stay: bool) -> io::Result<u64> {
    let mut left: Option<PathBuf> = None;
    for number in 0..count {
        let dir = below.join(number.to_string());
        fs::create_dir(&dir)?;
        join(&dir)?;
        // a socket of its own: it belongs to the cgroup in which it is made
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?.send_to(&PAYLOAD, to)?;
        if let Some(left) = left.replace(dir).filter(|_| !stay) {
            fs::remove_dir(left)?;
        }
    }
    join(below)?;
    if let Some(left) = left.filter(|_| !stay) {
        fs::remove_dir(left)?;
    }
    Ok(count)
}

fn join(dir: &Path) -> io::Result<()> {
    fs::write(dir.join("cgroup.procs"), "0")
}
