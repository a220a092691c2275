//! `cargo xtask bench`: the agent beside what users would pick instead, measured in one run.
//!
//! The measuring itself is a program of the package `agent-tests`, which has the harness; this sets up, builds, runs it as
//! root and puts its tables into the page.

mod peers;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    artifacts,
    command::{Command, find, is_root, workspace},
    generated,
    setup::{self, Need},
};

const PAGE: &str = "docs/performance.md";
/// What the measuring program writes.
const JSON: &str = "report.json";
const TABLES: &str = "report.md";

/// What to measure and where to tell it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fewer containers and shorter windows: minutes instead of half an hour. The page stays as it is.
    #[arg(long)]
    quick: bool,
    /// Only these peers: docker-stats, cadvisor, netdata. All without it; may be repeated.
    #[arg(long = "peer", value_name = "NAME")]
    peers: Vec<String>,
    /// Only these sections, as `bench --help` of the measuring program names them. The page stays as it is.
    #[arg(long = "section", value_name = "NAME")]
    sections: Vec<String>,
    /// Numbers of containers instead of 10,50,200,500. The page stays as it is.
    #[arg(long, value_name = "N,N,...")]
    containers: Option<String>,
    /// The figures as JSON, into this file; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the page also from a run that is not complete.
    #[arg(long)]
    write: bool,
}

impl Args {
    fn is_complete(&self) -> bool {
        !self.quick && self.peers.is_empty() && self.sections.is_empty() && self.containers.is_none()
    }

    /// Flags of the measuring program.
    fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        flags.extend(self.quick.then(|| "--quick".to_owned()));
        flags.extend(self.peers.iter().map(|name| format!("--peer={name}")));
        flags.extend(self.sections.iter().map(|name| format!("--section={name}")));
        flags.extend(self.containers.iter().map(|list| format!("--containers={list}")));
        flags
    }
}

pub(crate) fn main(args: &Args) -> Result<()> {
    setup::ensure(Need::Bench)?;
    ensure!(
        is_root() || find("sudo").is_some(),
        "the benchmarks start a Docker engine and the agent, which needs root, and there is no sudo here: run it as root"
    );
    let agent = artifacts::agent()?;
    let reference = artifacts::reference_programs()?;
    let workload = artifacts::workload()?;
    let bench = artifacts::bench()?;
    let kept = bench
        .parent()
        .and_then(Path::parent)
        .context("what was built lies in a directory")?;
    let unpacked = peers::unpack(&kept.join("bench-peers"));
    let out = kept.join("bench");
    prepare(&out)?;
    let command = Command::new(&bench)
        .env("BALANCER_AGENT_BIN", agent)
        .env("BALANCER_REFERENCE_BIN", reference)
        .env("BALANCER_WORKLOAD_BIN", workload)
        .arg("--out")
        .arg(&out)
        .arg("--unpacked")
        .arg(unpacked)
        .args(args.flags())
        .with_root();
    // tables come on standard output; with `--json -` that is for the JSON alone
    let to_stdout = args.json.as_deref() == Some(Path::new("-"));
    let status = command.lines(|line| {
        if to_stdout {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    })?;
    eprintln!("figures are in {}", out.display());
    // also where a section failed: the page is not made of what is left
    command.succeeded(status)?;
    tell(args, &out)
}

/// The files are made by whoever calls, and root only fills them. They are filled section by section, and so hold what
/// a run that is interrupted had found.
fn prepare(out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    for name in [JSON, TABLES] {
        fs::write(out.join(name), "").with_context(|| format!("emptying {name} in {}", out.display()))?;
    }
    Ok(())
}

fn tell(args: &Args, out: &Path) -> Result<()> {
    let read = |name: &str| fs::read_to_string(out.join(name)).with_context(|| format!("reading {name}"));
    match args.json.as_deref() {
        None => {}
        Some(path) if path == Path::new("-") => print!("{}", read(JSON)?),
        Some(path) => fs::write(path, read(JSON)?).with_context(|| format!("writing {}", path.display()))?,
    }
    if args.write || args.is_complete() {
        let page = workspace()?.join(PAGE);
        let old = fs::read_to_string(&page).with_context(|| format!("reading {PAGE}"))?;
        let new = generated::replace(&old, "figures", &read(TABLES)?)?;
        fs::write(&page, new).with_context(|| format!("writing {PAGE}"))?;
        eprintln!("wrote {PAGE}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Args {
        Args {
            quick: false,
            peers: Vec::new(),
            sections: Vec::new(),
            containers: None,
            json: None,
            write: false,
        }
    }

    #[test]
    fn only_a_complete_run_writes_the_page() {
        assert!(args().is_complete());
        let parts = [
            Args { quick: true, ..args() },
            Args {
                peers: vec!["netdata".to_owned()],
                ..args()
            },
            Args {
                sections: vec!["cost".to_owned()],
                ..args()
            },
            Args {
                containers: Some("10".to_owned()),
                ..args()
            },
        ];
        assert!(parts.iter().all(|args| !args.is_complete()));
    }

    #[test]
    fn flags_are_passed_on() {
        let args = Args {
            quick: true,
            sections: vec!["cost".to_owned(), "maps".to_owned()],
            containers: Some("10,50".to_owned()),
            ..args()
        };
        assert_eq!(
            args.flags(),
            ["--quick", "--section=cost", "--section=maps", "--containers=10,50"]
        );
    }

    #[test]
    fn the_page_has_the_part_that_is_written() {
        let page = include_str!("../../docs/performance.md");
        assert!(generated::find(page, "figures").is_ok());
        assert!(page.contains("## What did not help"), "written by hand, and kept");
    }
}
