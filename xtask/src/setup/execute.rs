//! Carries out one step of the plan.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    plan::Step,
    toolchain::LINKED,
    tools::{COMPILER_PACKAGES, DEB_VERSION, DENY_VERSION, LINKER_VERSION, LLVM},
};
use crate::command::Command;

pub(crate) fn execute(step: &Step) -> Result<()> {
    match step {
        Step::AptRefresh => {
            // One repository that does not answer is no reason to stop: the lists of the others may do.
            if let Err(error) = apt(&["update"]).run() {
                println!("setup: {error:#}; going on with the package lists that are there");
            }
            Ok(())
        }
        Step::AptInstall(packages) => apt(&["install", "--yes", "--no-remove", "--no-install-recommends"])
            .args(packages)
            .run(),
        Step::LinkToolchain => Command::new("rustup").args(["toolchain", "link", LINKED, "/usr"]).run(),
        Step::InstallNightly(name) => install_nightly(name),
        Step::AddClippy(name) => Command::new("rustup")
            .args(["component", "add", "clippy", "--toolchain", name])
            .run(),
        Step::BuildLinker(prefix) => quick_install("bpf-linker", LINKER_VERSION)
            .args(["--no-default-features", "--features", &format!("llvm-{LLVM}")])
            .env("LLVM_PREFIX", prefix)
            .run(),
        Step::DownloadLinker => download_linker(),
        Step::InstallDeny => quick_install("cargo-deny", DENY_VERSION).run(),
        Step::InstallDeb => quick_install("cargo-deb", DEB_VERSION).run(),
    }
}

fn install_nightly(name: &str) -> Result<()> {
    let listed = Command::new("rustup")
        .args(["toolchain", "list"])
        .ask()
        .unwrap_or_default();
    if listed.lines().any(|line| line.starts_with(LINKED)) {
        // Its packages are gone, or this step would not be here; the build would go on taking it first.
        Command::new("rustup").args(["toolchain", "uninstall", LINKED]).run()?;
    }
    Command::new("rustup")
        .args(["toolchain", "install", name, "--profile", "minimal"])
        .args(["--component", "rust-src", "--component", "clippy"])
        .run()
        .with_context(|| {
            format!(
                "what is missing is a Rust compiler for the BPF target: this machine cannot install the packages {}, \
                 and rustup could not download {name}; make one of the two reachable and run this again",
                COMPILER_PACKAGES.join(" ")
            )
        })
}

fn apt(args: &[&str]) -> Command {
    Command::new("apt-get")
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .with_root()
}

/// `--force`, because a program that is installed but does not start, or is too old, is to be replaced.
fn cargo_install(name: &str, version: &str) -> Command {
    Command::cargo().args(["install", name, "--version", version, "--locked", "--force"])
}

/// For what works for seconds: without optimisation and a debugger's data it is there in a third of the time.
fn quick_install(name: &str, version: &str) -> Command {
    cargo_install(name, version)
        .arg("--debug")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
}

/// The released linker carries its own LLVM. It is unpacked beside its place and moved there whole.
fn download_linker() -> Result<()> {
    let name = format!("bpf-linker-{}-unknown-linux-musl.tar.zst", env::consts::ARCH);
    let url = format!("https://github.com/aya-rs/bpf-linker/releases/download/v{LINKER_VERSION}/{name}");
    let bin = cargo_home()?.join("bin");
    let unpacked = bin.join(".bpf-linker-download");
    fs::create_dir_all(&unpacked).with_context(|| format!("creating {}", unpacked.display()))?;
    let done = fetch_and_place(&url, &unpacked, &name, &bin);
    fs::remove_dir_all(&unpacked).with_context(|| format!("removing {}", unpacked.display()))?;
    done.with_context(|| format!("what is missing is bpf-linker {LINKER_VERSION}, and its release did not download"))
}

fn fetch_and_place(url: &str, unpacked: &Path, name: &str, bin: &Path) -> Result<()> {
    let archive = unpacked.join(name);
    Command::new("curl")
        .args([
            "--proto",
            "=https",
            "--fail",
            "--location",
            "--silent",
            "--show-error",
            "--max-time",
            "600",
            "--output",
        ])
        .arg(&archive)
        .arg(url)
        .run()?;
    Command::new("tar")
        .args(["--zstd", "-xf"])
        .arg(&archive)
        .arg("-C")
        .arg(unpacked)
        .arg("bpf-linker")
        .run()?;
    let place = bin.join("bpf-linker");
    fs::rename(unpacked.join("bpf-linker"), &place).with_context(|| format!("moving it to {}", place.display()))
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
    Ok(Path::new(&home).join(".cargo"))
}
