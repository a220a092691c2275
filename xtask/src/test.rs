//! `cargo xtask test`: the lane without root, those with root and a Docker engine, and guests with other kernels.

mod side_by_side;
mod totals;

use std::{ffi::OsStr, time::Instant};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::{
    accuracy,
    artifacts::{self, Executable},
    command::{Command, find, is_root},
    setup::{self, Need},
    tools, vm,
};
pub(crate) use totals::Totals;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// One lane only; all without it.
    #[arg(long)]
    lane: Option<Lane>,
    /// Only tests whose name contains this.
    filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lane {
    /// Without root: unit and property tests, fixture trees, a fake Docker.
    Unit,
    /// As root, against a real kernel and a real Docker engine.
    Docker,
    /// As `docker`: every accounting scenario, and docs/accuracy.md compared with what they measure.
    Accuracy,
    /// Guests with other kernels, under QEMU.
    Vm,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let lanes = args
        .lane
        .map_or_else(|| Lane::value_variants().to_vec(), |lane| vec![lane]);
    setup::ensure(if lanes == [Lane::Unit] {
        Need::Build
    } else if lanes.contains(&Lane::Vm) {
        Need::Vm
    } else {
        Need::Test
    })?;
    let filter = args.filter.as_deref();
    let mut totals = Totals::default();
    for lane in lanes {
        let start = Instant::now();
        let ran = match lane {
            Lane::Unit => unit(filter),
            Lane::Docker => as_root(|target| target != accuracy::TARGET, filter, &[]),
            Lane::Accuracy => accuracy::lane(filter),
            Lane::Vm => guests(filter),
        };
        let of_lane = ran.unwrap_or_else(|error| Totals::not_run(lane, &error));
        println!("lane {lane:?}: {of_lane}, {} s", start.elapsed().as_secs());
        totals += of_lane;
    }
    for (name, time) in totals.slowest() {
        println!("{:4} s {name}", time.as_secs());
    }
    for problem in &totals.problems {
        println!("failed: {problem}");
    }
    // The last line of the output, whatever the result: a runner reads it.
    println!("{} passed, {} failed", totals.passed, totals.failed);
    ensure!(
        totals.ran() > 0,
        "no test {}",
        filter.map_or("ran".to_owned(), |filter| format!("has {filter:?} in its name"))
    );
    totals.all_passed()
}

/// Everything that a plain `cargo test` runs.
fn unit(filter: Option<&str>) -> Result<Totals> {
    let command = Command::cargo()
        .args(["test", "--locked", "--no-fail-fast"])
        .args(filter);
    let mut totals = Totals::default();
    let status = command.lines(|line| {
        println!("{line}");
        totals.count(line);
    })?;
    totals.ended(&command, status);
    Ok(totals)
}

/// Integration tests that mostly wait, longest first: for an engine, for a deadline, for the next sample. The others
/// measure what the whole machine does, and have it for themselves.
const WAITING: [&str; 8] = [
    "scenarios",
    "docker_away",
    "observers",
    "fleet",
    "terminal",
    "docker_failures",
    "service_manager",
    "consul",
];

/// The tests that plain `cargo test` leaves out, of the integration tests that are `wanted`. Those of one executable run
/// one after the other.
pub(crate) fn as_root(
    wanted: impl Fn(&str) -> bool,
    filter: Option<&str>,
    variables: &[(&str, &OsStr)],
) -> Result<Totals> {
    if !is_root() && find("sudo").is_none() {
        bail!("the tests with Docker need root, and there is no sudo here: run them as root");
    }
    let agent = artifacts::agent()?;
    let workload = artifacts::workload()?;
    let mut tests = artifacts::integration_tests()?;
    tests.retain(|test| wanted(&test.target));
    ensure!(
        !tests.is_empty(),
        "the package agent-tests has no such integration test"
    );
    let tools = tools::unpack()?;
    let command = |test: &Executable| {
        let command = Command::new(&test.path)
            .env("BALANCER_AGENT_BIN", &agent)
            .env("BALANCER_TOOLS_ROOT", &tools)
            .env("BALANCER_WORKLOAD_BIN", &workload)
            .env("RUST_BACKTRACE", "1")
            .args(["--ignored", "--test-threads=1"])
            .args(filter);
        let command = variables
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value));
        command.with_root()
    };
    let (beside, alone): (Vec<_>, Vec<_>) = tests.iter().partition(|test| WAITING.contains(&test.target.as_str()));
    let mut totals = side_by_side::run(&beside.into_iter().map(command).collect::<Vec<_>>())?;
    for test in alone {
        totals += in_turn(&command(test), |line| println!("{line}"))?;
    }
    Ok(totals)
}

/// Runs one executable whose tests go one after the other, and counts what it says.
fn in_turn(command: &Command, mut say: impl FnMut(&str)) -> Result<Totals> {
    let mut totals = Totals::default();
    let mut before = Instant::now();
    let status = command.lines(|line| {
        say(line);
        totals.read(line, before.elapsed());
        before = Instant::now();
    })?;
    totals.ended(command, status);
    Ok(totals)
}

/// Each check that passed in a guest is a test, and each guest that failed is one.
fn guests(filter: Option<&str>) -> Result<Totals> {
    let mut totals = Totals::default();
    for (guest, result) in vm::lane(filter)? {
        match result {
            Ok(checks) => totals.passed += u64::from(checks),
            Err(why) => {
                totals.failed += 1;
                totals.problems.push(format!("guest {guest}: {why}"));
            }
        }
    }
    Ok(totals)
}
