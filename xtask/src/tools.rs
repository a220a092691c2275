//! Programs that tests take from packages, unpacked and not installed.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{
    artifacts,
    command::find,
    packages::{self, Packaged},
};

/// Its package would start a server of its own.
const PROMETHEUS: Packaged = Packaged {
    program: "usr/bin/prometheus",
    packages: &["prometheus"],
    suite: None,
};

/// Its package and that of the busybox which is linked to the C library exclude each other.
const BUSYBOX: Packaged = Packaged {
    program: "usr/bin/busybox",
    packages: &["busybox-static"],
    suite: None,
};

/// The directory in which `usr/bin` or `bin` has them. What cannot be had is said, and the tests that want it fail.
pub(crate) fn unpack() -> Result<PathBuf> {
    let root = artifacts::target_directory()?.join("test-tools");
    let busybox = (!has_busybox()).then_some(&BUSYBOX);
    for wanted in [&PROMETHEUS].into_iter().chain(busybox) {
        if let Err(error) = packages::unpack(wanted, &root) {
            eprintln!("{} cannot be had here: {error:#}", wanted.program);
        }
    }
    Ok(root)
}

/// Whether the tests will find a busybox for containers in which there is nothing else.
pub(crate) fn can_have_busybox() -> bool {
    has_busybox() || packages::can_unpack()
}

fn has_busybox() -> bool {
    find("busybox").is_some_and(|file| is_static(&file))
}

/// Whether an ELF file names no dynamic loader: containers made of that one file have none.
fn is_static(file: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.is_ok()
        && head.starts_with(b"\x7fELF")
        && !head.windows(6).any(|bytes| bytes == b"/ld-li" || bytes == b"/ld-mu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_not_a_static_program() {
        assert!(!is_static(Path::new("/etc/hostname")));
        assert!(!is_static(Path::new("/no/such/file")));
        // The test itself is linked to the C library.
        assert!(!is_static(&std::env::current_exe().unwrap()));
    }
}
