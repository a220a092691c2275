//! Peers that are packages: fetched and unpacked, so that none of them runs beside the measurement as a service.

use std::path::{Path, PathBuf};

use crate::packages::{self, Packaged};

const PEERS: [Packaged; 2] = [
    Packaged {
        program: "usr/sbin/netdata",
        packages: &["netdata-core", "netdata-plugins-bash"],
        suite: None,
    },
    Packaged {
        program: "usr/bin/cadvisor",
        packages: &["cadvisor"],
        suite: Some("bullseye"),
    },
];

/// Unpacks what is not there yet below `dir`, and gives where programs are. What cannot be had is said; the report names it as
/// missing.
pub(super) fn unpack(dir: &Path) -> PathBuf {
    let root = dir.join("root");
    for peer in &PEERS {
        if let Err(error) = packages::unpack(peer, &root) {
            eprintln!("bench: {} cannot be had here: {error:#}", peer.program);
        }
    }
    root
}
