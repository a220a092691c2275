//! Which compiler builds the kernel programs. The order is that of `agent/build.rs`.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result};

use crate::command::{Command, find, workspace};

/// Name under which the packaged compiler is linked; `agent/build.rs` looks for it.
pub(crate) const LINKED: &str = "balancer-bpf";

/// The little-endian BPF target, the one of every machine that this agent is built for.
pub(crate) const BPF_TARGET: &str = "bpfel-unknown-none";

/// A compiler that can build for BPF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// As rustup knows it; `None` where there is no rustup and the compiler on PATH is the one.
    name: Option<String>,
    /// Whether it brings `core` for BPF compiled; if not, it brings the sources.
    pub(crate) prebuilt_core: bool,
}

impl Toolchain {
    /// The toolchain that `agent/build.rs` will take, if it is able to compile for BPF.
    pub(crate) fn chosen() -> Result<Option<Self>> {
        if find("rustup").is_none() {
            return Ok(Self::usable(None));
        }
        if let Ok(named) = env::var("BALANCER_BPF_TOOLCHAIN") {
            let usable = Self::usable(Some(named.clone()));
            return usable.map(Some).with_context(|| {
                format!("BALANCER_BPF_TOOLCHAIN names {named}, which is not installed or cannot compile for BPF")
            });
        }
        let listed = Command::new("rustup")
            .args(["toolchain", "list"])
            .ask()
            .unwrap_or_default();
        let nightly = pinned_nightly()?;
        let first = [LINKED, &nightly]
            .into_iter()
            .find(|name| listed.lines().any(|line| line.starts_with(name)));
        Ok(first.and_then(|name| Self::usable(Some(name.to_owned()))))
    }

    /// The distribution's own compiler in /usr, whether rustup knows it or not.
    pub(crate) fn packaged() -> bool {
        has_core(Command::new("/usr/bin/rustc"))
    }

    /// A program of this toolchain.
    pub(crate) fn program(&self, program: &str) -> Command {
        match &self.name {
            Some(name) => Command::new("rustup").args(["run", name, program]),
            None => Command::new(program),
        }
    }

    pub(crate) fn has_clippy(&self) -> bool {
        self.program("clippy-driver").arg("--version").ask().is_some()
    }

    fn usable(name: Option<String>) -> Option<Self> {
        let mut toolchain = Self {
            name,
            prebuilt_core: true,
        };
        if has_core(toolchain.program("rustc")) {
            return Some(toolchain);
        }
        toolchain.prebuilt_core = false;
        let sysroot = toolchain.program("rustc").args(["--print", "sysroot"]).ask()?;
        let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core/Cargo.toml");
        sources.is_file().then_some(toolchain)
    }
}

/// Whether this rustc has `core` for BPF in its sysroot.
fn has_core(rustc: Command) -> bool {
    let Some(dir) = rustc.args(["--print", "target-libdir", "--target", BPF_TARGET]).ask() else {
        return false;
    };
    let Ok(files) = fs::read_dir(dir.trim()) else {
        return false;
    };
    files
        .flatten()
        .any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

/// The one place that names the nightly is `[workspace.metadata.bpf]` in the root manifest.
pub(crate) fn pinned_nightly() -> Result<String> {
    let path = workspace()?.join("Cargo.toml");
    let manifest = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("nightly = \""));
    let name = line.and_then(|rest| rest.strip_suffix('"'));
    name.map(str::to_owned)
        .context("the root Cargo.toml has no `nightly` under [workspace.metadata.bpf]")
}
