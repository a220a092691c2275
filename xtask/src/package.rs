//! `cargo xtask package`: the agent as a Debian package, with its manual page, completions and units.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{
    artifacts,
    command::Command,
    setup::{self, Need},
};

/// `cargo xtask package` has nothing to choose.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn main(_: &Args) -> Result<()> {
    setup::ensure(Need::Package)?;
    let agent = artifacts::agent()?;
    artifacts::manual()?;
    let target = artifacts::target_directory()?;
    // the package's description names it there, whatever the host's target is called
    let place = target.join("static");
    fs::create_dir_all(&place).with_context(|| format!("making {}", place.display()))?;
    fs::copy(&agent, place.join("balancer-agent")).with_context(|| format!("copying {}", agent.display()))?;
    let out = target.join("debian");
    Command::cargo()
        .args([
            "deb",
            "--package",
            "balancer-agent",
            "--no-build",
            "--no-strip",
            "--output",
        ])
        .arg(&out)
        .run()
}
