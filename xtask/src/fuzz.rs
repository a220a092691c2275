//! `cargo xtask fuzz`: what callers and files may hold, made up by libFuzzer for a time, each parser in its turn.
//!
//! Without a sanitizer of memory, which only a nightly compiler has: the parsers are safe code, and what is looked for is
//! a panic, a hang, and an answer that breaks a promise.

use anyhow::{Result, ensure};

use crate::{
    artifacts,
    command::{Command, workspace},
    setup::{self, Need},
};

/// The parsers, by their files in `tests/fuzz/targets`.
const TARGETS: [&str; 5] = ["id", "image", "cgroup_path", "form", "tokens"];
/// One input that takes longer is a hang, in seconds.
const HANGS_AFTER: u32 = 5;

/// How long, and which.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds for each parser
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Only these, by their files in tests/fuzz/targets
    targets: Vec<String>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    for target in &args.targets {
        ensure!(
            TARGETS.contains(&target.as_str()),
            "there is no parser `{target}` to be tried; there are {}",
            TARGETS.join(", ")
        );
    }
    setup::ensure(Need::Fuzz)?;
    let wanted = |name: &str| args.targets.is_empty() || args.targets.iter().any(|target| target == name);
    let mut targets = TARGETS.into_iter().filter(|target| wanted(target));
    targets.try_for_each(|target| fuzz(target, args.seconds))
}

/// What it finds is kept in `tests/fuzz/artifacts`, with the words that try it again.
fn fuzz(target: &str, seconds: u32) -> Result<()> {
    Command::cargo()
        .args(["fuzz", "run", "--sanitizer", "none", "--fuzz-dir"])
        .arg(workspace()?.join("tests/fuzz"))
        .arg("--target-dir")
        .arg(artifacts::target_directory()?.join("fuzz"))
        .arg(target)
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={HANGS_AFTER}"))
        .arg("-print_final_stats=1")
        .run()
}
