//! Programs that tests take from packages, unpacked and not installed.

use std::path::PathBuf;

use anyhow::Result;

use crate::{
    artifacts,
    packages::{self, Packaged},
};

/// Its package would start a server of its own.
const PROMETHEUS: Packaged = Packaged {
    program: "usr/bin/prometheus",
    packages: &["prometheus"],
    suite: None,
};

/// The directory in which `usr/bin` has them. What cannot be had is said, and the tests that want it fail.
pub(crate) fn unpack() -> Result<PathBuf> {
    let root = artifacts::target_directory()?.join("test-tools");
    if let Err(error) = packages::unpack(&PROMETHEUS, &root) {
        eprintln!("{} cannot be had here: {error:#}", PROMETHEUS.program);
    }
    Ok(root)
}
