//! `cargo xtask fuzz`: what callers and files may hold, made up by libFuzzer for a time, each parser in its turn, as many at once as there are CPUs.
//!
//! Without a sanitizer of memory, which only a nightly compiler has: the parsers are safe code, and what is looked for is
//! a panic, a hang, and an answer that breaks a promise.

use std::{fs, path::PathBuf, process};

use anyhow::{Context as _, Result, ensure};

use crate::{
    artifacts::{self, Executable},
    setup::{self, Need},
    workers,
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
    let wanted = |name: &&str| args.targets.is_empty() || args.targets.iter().any(|target| target == name);
    let targets: Vec<_> = TARGETS.into_iter().filter(wanted).collect();
    let fuzzers = artifacts::fuzzers(&targets)?;
    // One at a time and CPU: each keeps one busy.
    workers::run(workers::cpus(), &fuzzers, |fuzzer| fuzz(fuzzer, args.seconds))?;
    Ok(())
}

/// What it finds is kept in `tests/fuzz/artifacts`, with the words that try it again; what it has learned, in
/// `tests/fuzz/corpus`. What it says is told when it has ended, for several run at once.
fn fuzz(fuzzer: &Executable, seconds: u32) -> Result<()> {
    let target = &fuzzer.target;
    let place = |kind: &str| -> Result<PathBuf> {
        let dir = fuzzer.package.join(kind).join(target);
        fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        Ok(dir)
    };
    let (artifacts, corpus) = (place("artifacts")?, place("corpus")?);
    let ran = process::Command::new(&fuzzer.path)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={HANGS_AFTER}"))
        .args(["-print_final_stats=1", "-verbosity=0"])
        .arg(&corpus)
        .output()
        .with_context(|| format!("starting the parser `{target}`"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let stats = |name: &str| {
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        line.map_or("?", |figure| figure.trim_start_matches(':').trim())
            .to_owned()
    };
    ensure!(ran.status.success(), "the parser `{target}` failed:\n{said}");
    println!(
        "{target}: {} texts in {seconds} s, {} MB at most, nothing found",
        stats("number_of_executed_units"),
        stats("peak_rss_mb")
    );
    Ok(())
}
