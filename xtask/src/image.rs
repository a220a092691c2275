//! `cargo xtask image`: the agent as an image of one file, made by the Docker engine that is there. No registry is asked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    artifacts,
    command::{Command, workspace},
    setup::{self, Need},
};

/// What the image is made by, and what the checkout of it is called in the context.
const DOCKERFILE: &str = "deploy/docker/Dockerfile";

/// Name of the image.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name and tag of the image
    #[arg(long, default_value = "balancer-agent:latest")]
    tag: String,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    setup::ensure(Need::Demo { engine: false })?;
    let context = context()?;
    build(&Command::new("docker"), &context, &args.tag)?;
    println!("built {}; deploy/docker/run.sh starts it", args.tag);
    Ok(())
}

/// What an image may take.
const MOST_BYTES: u64 = 15_000_000;

/// The directory that the engine makes the image of.
pub(crate) fn context() -> Result<PathBuf> {
    let agent = artifacts::agent()?;
    let context = artifacts::target_directory()?.join("image");
    fs::create_dir_all(&context).with_context(|| format!("making {}", context.display()))?;
    for (from, name) in [(agent, "balancer-agent"), (workspace()?.join(DOCKERFILE), "Dockerfile")] {
        let to = context.join(name);
        let bytes = fs::copy(&from, &to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
        ensure!(
            bytes < MOST_BYTES,
            "{} has {bytes} bytes: an image is to have less than {MOST_BYTES}",
            from.display()
        );
    }
    Ok(context)
}

/// `docker` is the command with whatever names the engine.
fn build(docker: &Command, context: &Path, tag: &str) -> Result<()> {
    docker
        .clone()
        .args(["build", "--tag", tag, "--build-arg"])
        .arg(format!("VERSION={}", env!("CARGO_PKG_VERSION")))
        .arg("--build-arg")
        .arg(format!("REVISION={}", revision()))
        .arg(context)
        .run()
}

fn revision() -> String {
    let asked = Command::new("git").args(["rev-parse", "HEAD"]).ask();
    asked.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
