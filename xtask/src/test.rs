//! `cargo xtask test`: the lane without root, those with root and a Docker engine, and guests with other kernels.

mod totals;

use std::ffi::OsStr;

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::{
    accuracy, artifacts,
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
        let ran = match lane {
            Lane::Unit => unit(filter),
            Lane::Docker => as_root(|target| target != accuracy::TARGET, filter, &[]),
            Lane::Accuracy => accuracy::lane(filter),
            Lane::Vm => guests(filter),
        };
        let of_lane = ran.unwrap_or_else(|error| Totals::not_run(lane, &error));
        println!("lane {lane:?}: {of_lane}");
        totals += of_lane;
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
    let status = command.lines(|line| totals.read(line))?;
    totals.ended(&command, status);
    Ok(totals)
}

/// The tests that plain `cargo test` leaves out, of the integration tests that are `wanted`, one after the other: they
/// share the kernel's cgroups and its hooks.
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
    let mut totals = Totals::default();
    for test in tests {
        let command = Command::new(test.path)
            .env("BALANCER_AGENT_BIN", &agent)
            .env("BALANCER_TOOLS_ROOT", &tools)
            .env("BALANCER_WORKLOAD_BIN", &workload)
            .env("RUST_BACKTRACE", "1")
            .args(["--ignored", "--test-threads=1"])
            .args(filter);
        let command = variables
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value))
            .with_root();
        let mut of_file = Totals::default();
        let status = command.lines(|line| of_file.read(line))?;
        of_file.ended(&command, status);
        totals += of_file;
    }
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
