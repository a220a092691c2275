//! `cargo xtask test`: the lane without root, those with root and a Docker engine, and guests with other kernels.

mod side_by_side;
mod totals;
mod waiting;

use std::{
    env::consts::ARCH,
    ffi::OsStr,
    thread::{self, ScopedJoinHandle},
    time::Instant,
};

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
use waiting::waiting_first;

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
    let guests_fit = vm::fits(ARCH);
    let lanes = lanes(args.lane, &guests_fit)?;
    setup::ensure(if lanes == [Lane::Unit] {
        Need::Build
    } else if lanes.contains(&Lane::Vm) {
        Need::Vm
    } else {
        Need::Test
    })?;
    let filter = args.filter.as_deref();
    let mut totals = Totals::default();
    for &lane in &lanes {
        let start = Instant::now();
        let ran = match lane {
            Lane::Unit => thread::scope(|scope| {
                let wanted = filter.is_none() && lanes.contains(&Lane::Vm);
                let fetched = wanted.then(|| scope.spawn(vm::fetch));
                let ran = unit(filter);
                if let Some(Ok(Err(error))) = fetched.map(ScopedJoinHandle::join) {
                    println!("what the guests need was not fetched beforehand, and is tried again: {error:#}");
                }
                ran
            }),
            Lane::Docker => as_root(|target| target != accuracy::TARGET, filter, &[]),
            Lane::Accuracy => accuracy::lane(filter),
            Lane::Vm => guests(filter),
        };
        let of_lane = ran.unwrap_or_else(|error| Totals::not_run(lane, &error));
        println!("lane {lane:?}: {of_lane}, {} s", start.elapsed().as_secs());
        totals += of_lane;
    }
    if let (None, Err(why)) = (args.lane, &guests_fit) {
        println!("lane {:?}: left out: {why:#}", Lane::Vm);
    }
    for (name, time) in totals.slowest() {
        println!("{:4} s {name}", time.as_secs());
    }
    for problem in &totals.problems {
        println!("failed: {problem}");
    }
    // The last line of the output, whatever the result: a runner reads it.
    println!("{} passed, {} failed", totals.passed, totals.failed);
    totals.all_passed(filter)
}

/// All lanes that this machine can run, or the one that was asked for.
fn lanes(asked: Option<Lane>, guests_fit: &Result<()>) -> Result<Vec<Lane>> {
    let why_not = |lane| guests_fit.as_ref().err().filter(|_| lane == Lane::Vm);
    match asked {
        None => Ok(Lane::value_variants()
            .iter()
            .copied()
            .filter(|lane| why_not(*lane).is_none())
            .collect()),
        Some(lane) => match why_not(lane) {
            Some(why) => bail!("lane {lane:?} does not run here: {why:#}"),
            None => Ok(vec![lane]),
        },
    }
}

/// Everything that a plain `cargo test` runs: what mostly waits does so beside the rest.
fn unit(filter: Option<&str>) -> Result<Totals> {
    let (waiting, rest) = waiting_first(artifacts::integration_tests()?);
    let of = |test: &Executable| ["--test".to_owned(), test.target.clone()];
    let mut words: Vec<Vec<String>> = waiting.iter().map(|(test, _)| of(test).to_vec()).collect();
    let inside = ["--lib", "--bins"].map(str::to_owned);
    words.push(inside.into_iter().chain(rest.iter().flat_map(of)).collect());
    words.push(vec!["--doc".to_owned()]);
    let command = |words| {
        Command::cargo()
            .args(["test", "--locked", "--no-fail-fast"])
            .args(words)
    };
    let commands: Vec<_> = words.into_iter().map(|words| command(words).args(filter)).collect();
    side_by_side::run(&commands, |command, say| {
        let mut totals = Totals::default();
        let status = command.lines(|line| {
            say(line);
            totals.count(line);
        })?;
        totals.ended(command, status);
        Ok(totals)
    })
}

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
    // what a person asks for by name is little, and read as it comes
    let (waiting, others) = match filter {
        None => waiting_first(tests),
        Some(_) => (Vec::new(), tests),
    };
    let parts = waiting.iter().map(|(test, waits)| (test, waits.beside()));
    let beside: Vec<_> = parts
        .flat_map(|(test, parts)| parts.into_iter().map(move |words| (test, words)))
        .map(|(test, words)| command(test).args(words))
        .collect();
    let mut totals = side_by_side::run(&beside, in_turn)?;
    let rest = waiting
        .iter()
        .filter_map(|(test, waits)| Some(command(test).args(waits.alone()?)));
    for command in rest.chain(others.iter().map(command)) {
        totals += in_turn(&command, &mut |line| println!("{line}"))?;
    }
    Ok(totals)
}

/// Runs one executable whose tests go one after the other, and counts what it says.
fn in_turn(command: &Command, say: &mut dyn FnMut(&str)) -> Result<Totals> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_are_left_out_where_they_do_not_fit_and_refused_where_they_are_asked_for() {
        let (fits, not) = (Ok(()), vm::fits("aarch64"));
        let all = [Lane::Unit, Lane::Docker, Lane::Accuracy, Lane::Vm];
        for (asked, guests_fit, expected) in [
            (None, &fits, Some(&all[..])),
            (None, &not, Some(&all[..3])),
            (Some(Lane::Vm), &fits, Some(&[Lane::Vm][..])),
            (Some(Lane::Vm), &not, None),
            (Some(Lane::Unit), &not, Some(&[Lane::Unit][..])),
        ] {
            assert_eq!(
                lanes(asked, guests_fit).ok().as_deref(),
                expected,
                "{asked:?} {guests_fit:?}"
            );
        }
    }
}
