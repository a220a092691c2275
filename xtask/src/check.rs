//! `cargo xtask check`: all that must be clean before a change lands. Every step runs, then the failures are told.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::CommandFactory as _;

use crate::{
    Cli, artifacts,
    command::Command,
    rules,
    setup::{
        self, Need,
        toolchain::{BPF_TARGET, Toolchain},
    },
    tree::{self, SourceFile},
};

/// `cargo xtask check` has nothing to choose.
#[derive(clap::Args)]
pub(crate) struct Args {}

type Step = fn() -> Result<()>;

/// Crates of the host: never linted or built in one call with the kernel programs, because cargo would unify features. What is
/// fuzzed needs a C++ compiler, which lints would have to install.
const HOST: [&str; 6] = [
    "--locked",
    "--workspace",
    "--exclude",
    "agent-ebpf",
    "--exclude",
    "agent-fuzz",
];

pub(crate) fn main(_: &Args) -> Result<()> {
    setup::ensure(Need::Check)?;
    let steps: [(&str, Step); 7] = [
        ("format", format),
        ("rules of this repository", repository_rules),
        ("dependencies", dependencies),
        ("lints of the host's crates", host_lints),
        ("lints of the kernel programs", kernel_lints),
        ("documentation", documentation),
        ("README and deploy", readme),
    ];
    let mut failures = Vec::new();
    for (name, step) in steps {
        println!("== {name}");
        if let Err(error) = step() {
            println!("{error:#}");
            failures.push(name);
        }
    }
    if !failures.is_empty() {
        bail!("not clean: {}", failures.join(", "));
    }
    println!("check: all {} steps are clean", steps.len());
    Ok(())
}

fn format() -> Result<()> {
    Command::cargo().args(["fmt", "--all", "--check"]).run()
}

/// Lints need no kernel programs: agent/build.rs is told to leave them out.
fn host_lints() -> Result<()> {
    let clippy = Command::cargo()
        .arg("clippy")
        .args(HOST)
        .args(["--all-targets", "--", "-D", "warnings"]);
    clippy.env("AYA_BUILD_SKIP", "1").run()
}

/// By the compiler that builds them and for their own target: on the host the crate is an empty stub.
fn kernel_lints() -> Result<()> {
    let toolchain = Toolchain::chosen()?.context("no compiler for the BPF target: run `cargo xtask setup`")?;
    // Not among the metadata of another compiler, which cargo would take turns to replace, but where agent/build.rs and
    // aya-build have them built: what both need is compiled once.
    let target = artifacts::target_directory()?.join("bpf/agent-ebpf");
    let mut clippy = toolchain
        .program("cargo")
        .args([
            "clippy",
            "--locked",
            "--package",
            "agent-ebpf",
            "--release",
            "--target",
            BPF_TARGET,
            "--target-dir",
        ])
        .arg(target);
    if !toolchain.prebuilt_core {
        clippy = clippy.args(["-Z", "build-std=core"]);
    }
    clippy.args(["--", "-D", "warnings"]).run()
}

fn documentation() -> Result<()> {
    let doc = Command::cargo()
        .arg("doc")
        .args(HOST)
        .args(["--no-deps", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "-D warnings").env("AYA_BUILD_SKIP", "1").run()
}

/// Licences, bans and sources need nothing but the lock file; advisories need their database from the network.
fn dependencies() -> Result<()> {
    let deny = Command::cargo().arg("deny").arg("--workspace");
    deny.clone().args(["check", "bans", "licenses", "sources"]).run()?;
    let fetch = Command::new("timeout")
        .arg(DATABASE_DEADLINE.as_secs().to_string())
        .args(["cargo", "deny", "fetch", "db"]);
    if fetch.ask().is_none() {
        println!("advisories: NOT checked, their database cannot be fetched from here (`{fetch}` fails)");
        return Ok(());
    }
    deny.args(["check", "--disable-fetch", "advisories"]).run()
}

const DATABASE_DEADLINE: Duration = Duration::from_mins(1);

fn repository_rules() -> Result<()> {
    let files = tree::read()?;
    let subcommands: Vec<_> = Cli::command()
        .get_subcommands()
        .map(|chore| chore.get_name().to_owned())
        .collect();
    for (path, lines) in rules::long_files(&files) {
        println!("{path}: {lines} lines; is there a second thing in it?");
    }
    told(&rules::breaches(&files, &subcommands))
}

/// The agent's own `--help` is the judge of the configuration table, and of what `deploy/` tells the agent to do.
fn readme() -> Result<()> {
    let files = tree::read()?;
    let Some(readme) = files.iter().find(|file: &&SourceFile| file.path == "README.md") else {
        bail!("there is no README.md");
    };
    let help = Command::new(artifacts::agent()?).arg("--help");
    let text = help.ask().with_context(|| format!("`{help}` fails"))?;
    let mut breaches = rules::agent_flags_exist(readme, &text);
    breaches.extend(rules::settings_exist(&files, &text));
    told(&breaches)
}

fn told(breaches: &[rules::Breach]) -> Result<()> {
    for breach in breaches {
        println!("{breach}");
    }
    ensure!(breaches.is_empty(), "{} places break a rule", breaches.len());
    Ok(())
}
