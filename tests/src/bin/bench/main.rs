//! Measures the agent and what users would pick instead, side by side in one run: `cargo xtask bench` builds all and
//! starts this as root.
//!
//! It writes `report.json` and `report.md` after each section, so that an interruption loses nothing.

mod callers;
mod cost;
mod fleet;
mod freshness;
mod loads;
mod machine;
mod maps;
mod meter;
mod ours;
mod outcome;
mod peers;
mod programs;
mod report;
mod requests;
mod run;
mod statistics;
mod stop;
mod syscalls;
mod table;
mod watched;
mod wrk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use agent_tests::docker::PrivateDocker;
use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};

use fleet::Fleet;
use machine::Machine;
use outcome::Outcome;
use peers::{Name, Unpacked};
use report::Report;
use run::Run;
use stop::Stop;

/// What to measure, and where to write it.
#[derive(Debug, Parser)]
struct Args {
    /// Directory for `report.json` and `report.md`
    #[arg(long)]
    out: PathBuf,
    /// Directory into which packages of peers were unpacked
    #[arg(long)]
    unpacked: Option<PathBuf>,
    /// Short windows
    #[arg(long)]
    quick: bool,
    /// Peers beside the agent; all without it
    #[arg(long = "peer")]
    peers: Vec<Name>,
    /// Sections; all without it
    #[arg(long = "section")]
    sections: Vec<Section>,
    /// Numbers of containers
    #[arg(long, value_delimiter = ',')]
    containers: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Section {
    Programs,
    Loads,
    Cost,
    Requests,
    Watched,
    Freshness,
    Ready,
    Syscalls,
    Maps,
}

/// At how many containers a section is due.
const FEW: usize = 50;

fn main() -> ExitCode {
    match measure(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: Args) -> Result<()> {
    let started = Instant::now();
    let stop = Stop::on_signals()?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("making {}", args.out.display()))?;
    let unpacked = Unpacked::new(args.unpacked);
    let docker = PrivateDocker::start();
    let fleet = Fleet::new(&docker);
    let steps = steps(&args.containers, args.quick);
    let sections = chosen(&args.sections, Section::value_variants());
    let mut run = Run {
        docker: &docker,
        fleet: &fleet,
        stop,
        report: Report {
            machine: Machine::look(versions(&unpacked)),
            quick: args.quick,
            tables: Vec::new(),
            missing: Vec::new(),
            failed: Vec::new(),
        },
        unpacked,
        peers: chosen(&args.peers, Name::value_variants()),
        quick: args.quick,
        all_peers: true,
        is_most: false,
        out: &args.out,
        started,
    };
    let mut points = cost::Points::default();
    for &count in &steps {
        run.say(&format!("starting containers up to {count}"));
        fleet.grow_to(count);
        run.all_peers = is_thorough(count, &steps);
        run.is_most = is_last(count, &steps);
        for section in sections.iter().filter(|section| section.is_due(count, &steps)) {
            run.stop.check()?;
            guarded(&mut run, *section, &mut points);
        }
    }
    cost::tell_slope(&mut run, &points);
    run.say("done");
    println!("{}", table::render(&run.report));
    let failed = &run.report.failed;
    ensure!(
        failed.is_empty(),
        "failed, and the rest was measured: {}",
        failed.join("; ")
    );
    Ok(())
}

/// A section that fails is told in the report, and the others still run; the run fails in the end.
fn guarded(run: &mut Run<'_>, section: Section, points: &mut cost::Points) {
    run.say(&format!("{section:?}"));
    let measured = catch_unwind(AssertUnwindSafe(|| match section {
        Section::Programs => programs::measure(run),
        Section::Cost => cost::measure(run, points),
        Section::Loads => loads::measure(run),
        Section::Requests if run.is_most => requests::measure(run),
        Section::Requests => requests::measure_few(run),
        Section::Watched => watched::measure(run),
        Section::Freshness => freshness::measure(run),
        Section::Ready => freshness::measure_ready(run),
        Section::Syscalls => syscalls::measure(run),
        Section::Maps => maps::measure(run),
    }));
    let place = format!("{section:?} with {} containers", run.fleet.len());
    match Outcome::of(measured) {
        Outcome::Measured => return,
        Outcome::Missing(why) => run.missing(&format!("{place}: {why}")),
        Outcome::Failed(why) => run.failed(format!("{place}: {why}")),
    }
    run.save();
}

impl Section {
    fn is_due(self, count: usize, steps: &[usize]) -> bool {
        match self {
            Self::Cost | Self::Syscalls => true,
            Self::Programs | Self::Loads | Self::Freshness | Self::Maps => is_few(count, steps),
            Self::Ready | Self::Requests | Self::Watched => is_thorough(count, steps),
        }
    }
}

fn is_few(count: usize, steps: &[usize]) -> bool {
    if steps.contains(&FEW) {
        count == FEW
    } else {
        steps.first() == Some(&count)
    }
}

fn is_last(count: usize, steps: &[usize]) -> bool {
    steps.last() == Some(&count)
}

/// Where the targets are.
fn is_thorough(count: usize, steps: &[usize]) -> bool {
    is_few(count, steps) || is_last(count, steps)
}

fn steps(asked: &[usize], quick: bool) -> Vec<usize> {
    let mut steps = match asked {
        [] if quick => vec![10, FEW],
        [] => vec![10, FEW, 200, 500],
        asked => asked.to_vec(),
    };
    steps.sort_unstable();
    steps.dedup();
    steps
}

fn chosen<T: Copy>(asked: &[T], all: &[T]) -> Vec<T> {
    if asked.is_empty() { all.to_vec() } else { asked.to_vec() }
}

fn versions(unpacked: &Unpacked) -> Vec<String> {
    let installed = [
        ("dockerd", "--version"),
        ("containerd", "--version"),
        ("wrk", "-v"),
        ("iperf3", "-v"),
        ("perf", "-v"),
    ];
    let installed = installed
        .into_iter()
        .filter_map(|(name, flag)| machine::version(name, &[name, flag]));
    let peers = [("cadvisor", "-version"), ("netdata", "-V")]
        .into_iter()
        .filter_map(|(name, flag)| {
            let program = unpacked.program(name)?.display().to_string();
            machine::version(name, &["env", &unpacked.library_path(), &program, flag])
        });
    installed.chain(peers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(section: Section, steps: &[usize]) -> Vec<usize> {
        steps
            .iter()
            .copied()
            .filter(|count| section.is_due(*count, steps))
            .collect()
    }

    #[test]
    fn each_section_is_due_at_its_numbers() {
        let full = steps(&[], false);
        assert_eq!(due(Section::Cost, &full), [10, 50, 200, 500]);
        assert_eq!(due(Section::Programs, &full), [50]);
        assert_eq!(due(Section::Requests, &full), [50, 500]);
        assert_eq!(due(Section::Ready, &full), [50, 500]);
    }

    #[test]
    fn each_section_is_due_somewhere_whatever_numbers_are_asked_for() {
        for asked in [&[7][..], &[20, 5, 5], &[50]] {
            let steps = steps(asked, true);
            for section in Section::value_variants() {
                assert!(!due(*section, &steps).is_empty(), "{section:?} at {steps:?}");
            }
        }
    }
}
