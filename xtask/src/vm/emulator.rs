//! QEMU: the one that is installed, or one of the distribution's unpacked beside the kernels. Its packages may not fit those that are
//! installed, and a guest is no reason to remove any.

use std::{
    env::consts::ARCH,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::kernels;
use crate::{
    command::{self, Command},
    packages::{self, Packaged},
};

const PROGRAM: &str = "qemu-system-x86_64";

const PACKAGED: Packaged = Packaged {
    program: "usr/bin/qemu-system-x86_64",
    packages: &["qemu-system-x86"],
    suite: None,
};

/// A QEMU that starts.
#[derive(Clone, Debug)]
pub(crate) enum Emulator {
    Installed,
    /// Below this directory.
    Unpacked(PathBuf),
}

impl Emulator {
    pub(crate) fn find() -> Result<Self> {
        if command::find(PROGRAM).is_some() {
            return Ok(Self::Installed);
        }
        let root = kernels::cache()?.join("qemu");
        packages::unpack(&PACKAGED, &root)
            .with_context(|| format!("no {PROGRAM} is installed, and it could not be fetched either: install it"))?;
        Ok(Self::Unpacked(root))
    }

    /// QEMU without any option but those that tell where its own files are.
    pub(crate) fn command(&self) -> Command {
        match self {
            Self::Installed => Command::new(PROGRAM),
            Self::Unpacked(root) => unpacked(root),
        }
    }
}

fn unpacked(root: &Path) -> Command {
    let libraries = format!("lib/{ARCH}-linux-gnu");
    let both = [root.join("usr").join(&libraries), root.join(&libraries)];
    let both = both.map(|dir| dir.display().to_string());
    let own_files = ["qemu", "seabios"].map(|of| root.join("usr/share").join(of));
    let command = Command::new(root.join(PACKAGED.program))
        .env("LD_LIBRARY_PATH", both.join(":"))
        .env("QEMU_MODULE_DIR", root.join("usr").join(&libraries).join("qemu"));
    own_files
        .into_iter()
        .fold(command, |command, dir| command.arg("-L").arg(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unpacked_one_finds_its_files_below_its_directory() {
        let command = unpacked(Path::new("/q")).to_string();
        assert!(command.contains("LD_LIBRARY_PATH=/q/usr/lib/"), "{command}");
        assert!(command.contains(":/q/lib/"), "{command}");
        assert!(
            command.contains("-L /q/usr/share/qemu -L /q/usr/share/seabios"),
            "{command}"
        );
    }
}
