//! Compiles the kernel programs with stock aya-build, so that a plain `cargo build` is enough.
//!
//! Which compiler: the environment variable `BALANCER_BPF_TOOLCHAIN` if set, else the toolchain that
//! `cargo xtask setup` linked from the distribution's packages, else the pinned nightly of the root manifest.

use std::{env, fs, os::unix::fs::symlink, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};
use aya_build::{Package, Toolchain};

/// Name under which `cargo xtask setup` links a packaged toolchain that brings `core` for BPF.
const LINKED: &str = "balancer-bpf";

fn main() -> Result<()> {
    println!("cargo:rerun-if-env-changed=BALANCER_BPF_TOOLCHAIN");
    println!("cargo:rerun-if-changed=../agent-common/src");
    println!("cargo:rerun-if-changed=../Cargo.toml");
    if env::var_os("AYA_BUILD_SKIP").is_some() {
        // A lint pass needs no programs, but the crate embeds the object by path.
        let object = Path::new(&env::var("OUT_DIR")?).join("agent-ebpf");
        fs::write(&object, []).with_context(|| format!("writing {}", object.display()))?;
    }
    let toolchain = toolchain()?;
    share_builds()?;
    aya_build::build_ebpf(
        [Package {
            name: "agent-ebpf",
            root_dir: "../agent-ebpf",
            ..Package::default()
        }],
        Toolchain::Custom(&toolchain),
    )
    .context("the kernel programs did not compile; `cargo xtask setup` installs what they need")
}

/// aya-build compiles below `OUT_DIR`, of which each profile has its own: a link there leads all of them to one place, and
/// the same programs are compiled once.
fn share_builds() -> Result<()> {
    let out_dir = env::var("OUT_DIR")?;
    // cargo's own notes on the compiler lie there and in none of the directories below it
    let is_target = |dir: &&Path| dir.join(".rustc_info.json").exists();
    let Some(target) = Path::new(&out_dir).ancestors().find(is_target) else {
        return Ok(());
    };
    let shared = target.join("bpf");
    let link = Path::new(&out_dir).join("aya-build/target");
    match fs::symlink_metadata(&link) {
        Ok(found) if !found.is_symlink() => return Ok(()),
        // it may be of a target directory that was moved
        Ok(_) => fs::remove_file(&link).with_context(|| format!("removing {}", link.display()))?,
        Err(_) => fs::create_dir_all(Path::new(&out_dir).join("aya-build")).context("creating OUT_DIR/aya-build")?,
    }
    fs::create_dir_all(&shared).with_context(|| format!("creating {}", shared.display()))?;
    symlink(&shared, &link).with_context(|| format!("linking {}", link.display()))
}

fn toolchain() -> Result<String> {
    if let Ok(named) = env::var("BALANCER_BPF_TOOLCHAIN") {
        return Ok(named);
    }
    let nightly = pinned_nightly()?;
    let Ok(listed) = Command::new("rustup").args(["toolchain", "list"]).output() else {
        // Without rustup, aya-build uses the compiler that is there and ignores the name.
        return Ok(nightly);
    };
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let has = |name: &str| listed.lines().any(|line| line.starts_with(name));
    if has(LINKED) {
        return Ok(LINKED.to_owned());
    }
    if has(&nightly) {
        return Ok(nightly);
    }
    if env::var_os("AYA_BUILD_SKIP").is_some() {
        return Ok(nightly);
    }
    bail!("no toolchain for the BPF target is installed; run `cargo xtask setup`")
}

/// The one place that names the nightly is `[workspace.metadata.bpf]` in the root manifest.
fn pinned_nightly() -> Result<String> {
    let manifest = fs::read_to_string("../Cargo.toml").context("reading the root manifest")?;
    manifest
        .lines()
        .find_map(|line| line.strip_prefix("nightly = \""))
        .and_then(|rest| rest.strip_suffix('"'))
        .map(str::to_owned)
        .context("the root Cargo.toml has no `nightly` under [workspace.metadata.bpf]")
}
