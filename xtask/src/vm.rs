//! `cargo xtask vm`: real kernels under QEMU, and the agent shown on each.

mod bench;
mod console;
mod emulator;
mod fault;
mod initramfs;
mod kernels;
mod matrix;
mod programs;
mod qemu;
mod requirements;

use std::{
    env::consts::ARCH,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::{
    setup::{self, Need},
    workers,
};
use bench::Bench;
use emulator::Emulator;
use kernels::Kernel;
use matrix::{Expected, Layout, ROWS, Row, Twist};

/// Each takes 2 GiB.
const MOST_GUESTS_AT_ONCE: usize = 4;
/// A guest on a slow machine takes half of it.
const DEADLINE_SECONDS: u64 = 180;

/// What the emulator, the kernels and the programs in a guest are for.
const GUEST_ARCH: &str = "x86_64";

/// Which guests to run, and how.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Lines (5.10, 6.1, 6.12, newest), rows (6.1-hybrid), or files (a .deb or a vmlinuz); all rows without it.
    kernels: Vec<String>,
    /// Cgroup hierarchies of a kernel given as a file.
    #[arg(long, value_enum, default_value = "v2")]
    layout: Layout,
    /// On a kernel given as a file the agent must fall back, with this in its sentence.
    #[arg(long, value_name = "TEXT")]
    falls_back: Option<String>,
    /// Take the newest kernels of each line, also where the cache has one.
    #[arg(long)]
    fresh: bool,
    /// What QEMU runs the guest with: tcg works everywhere.
    #[arg(long, default_value = "tcg")]
    accelerator: String,
    /// Seconds that a guest may take.
    #[arg(long, default_value_t = DEADLINE_SECONDS)]
    deadline: u64,
    /// Only list the rows.
    #[arg(long)]
    list: bool,
    /// Write the table of docs/requirements.md from what each row showed when it last passed here.
    #[arg(long, conflicts_with_all = ["fault", "falls_back"])]
    write_docs: bool,
    /// Breaks something on purpose, to show that it is noticed.
    #[arg(long, value_enum, hide = true)]
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// The verifier refuses a program.
    InvalidProgram,
    /// The guest does nothing.
    Hang,
}

/// What one guest showed.
#[derive(Debug)]
pub(crate) struct Outcome {
    row: String,
    release: String,
    took: Duration,
    /// What it told for the table of requirements.
    facts: Vec<String>,
    /// How many checks passed, or what was wrong.
    result: Result<u32, String>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    if args.list {
        for row in ROWS {
            println!("{}", row.name());
        }
        return Ok(());
    }
    fits(ARCH)?;
    let rows = rows(args)?;
    setup::ensure(Need::Vm)?;
    let outcomes = run(&rows, args)?;
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    println!("{} guests passed, {failed} failed", outcomes.len() - failed);
    for outcome in outcomes.iter().filter(|outcome| outcome.result.is_err()) {
        println!("failed: {}", outcome.line());
    }
    ensure!(failed == 0, "guests failed");
    if args.write_docs {
        requirements::write()?;
    }
    Ok(())
}

/// An error on a machine of another architecture: a guest runs programs that were built for this machine.
pub(crate) fn fits(arch: &str) -> Result<()> {
    ensure!(
        arch == GUEST_ARCH,
        "guests are {GUEST_ARCH} and run this machine's programs, which are {arch}: run this on an {GUEST_ARCH} machine"
    );
    Ok(())
}

/// The guests that continuous integration runs, for the lane of `cargo xtask test`; with `filter` only those with this
/// in their name. What each showed: its name, and how many checks passed or what was wrong.
pub(crate) fn lane(filter: Option<&str>) -> Result<Vec<(String, Result<u32, String>)>> {
    let args = Args::for_lane();
    let names = matrix::CI.into_iter();
    let rows: Vec<_> = names
        .filter(|name| filter.is_none_or(|filter| name.contains(filter)))
        .flat_map(matrix::asked)
        .map(Asked::Row)
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = run(&rows, &args)?.into_iter();
    Ok(outcomes.map(|outcome| (outcome.row, outcome.result)).collect())
}

/// Gets what the guests of [`lane`] need from elsewhere, so that it is there when they are booted.
pub(crate) fn fetch() -> Result<()> {
    Emulator::find()?;
    for row in matrix::CI.into_iter().flat_map(matrix::asked) {
        Kernel::of_line(row.line()?, false)?;
    }
    Ok(())
}

impl Args {
    fn for_lane() -> Self {
        Self {
            kernels: Vec::new(),
            layout: Layout::V2,
            falls_back: None,
            fresh: false,
            accelerator: "tcg".to_owned(),
            deadline: DEADLINE_SECONDS,
            list: false,
            write_docs: false,
            fault: None,
        }
    }
}

/// A row, or a file to make one of.
enum Asked {
    Row(Row),
    File(PathBuf),
}

fn rows(args: &Args) -> Result<Vec<Asked>> {
    if args.kernels.is_empty() {
        return Ok(ROWS.into_iter().map(Asked::Row).collect());
    }
    let mut rows = Vec::new();
    for word in &args.kernels {
        let asked = matrix::asked(word);
        if !asked.is_empty() {
            let known = |row: &Row| {
                rows.iter()
                    .any(|asked| matches!(asked, Asked::Row(known) if known == row))
            };
            let new: Vec<_> = asked.into_iter().filter(|row| !known(row)).collect();
            rows.extend(new.into_iter().map(Asked::Row));
        } else if word.contains('/') || Path::new(word).is_file() {
            rows.push(Asked::File(word.into()));
        } else {
            bail!("{word} is no line, no row and no file of a kernel; `cargo xtask vm --list` tells the rows");
        }
    }
    Ok(rows)
}

/// As many at a time as there are CPUs: a guest waits as often as the other. What each showed, in the order of `rows`.
fn run(rows: &[Asked], args: &Args) -> Result<Vec<Outcome>> {
    let bench = Bench::new(args)?;
    // guests of files have one name
    let at_once = if rows.iter().any(|asked| matches!(asked, Asked::File(_))) {
        1
    } else {
        workers::cpus().min(MOST_GUESTS_AT_ONCE)
    };
    let mut outcomes = workers::run(at_once, rows.iter().enumerate(), |(place, asked)| {
        let outcome = boot(&bench, asked, args);
        println!("{}", outcome.line());
        if let (Asked::Row(_), Ok(_)) = (asked, &outcome.result) {
            requirements::remember(&outcome)?;
        }
        Ok((place, outcome))
    })?;
    outcomes.sort_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn boot(bench: &Bench, asked: &Asked, args: &Args) -> Outcome {
    match asked {
        Asked::Row(row) => bench.run_row(row, None, args),
        Asked::File(file) => {
            let expected = args.falls_back.clone().map_or(Expected::Counts, |reason| {
                // lives as long as the program: there are as many as words on the command line
                Expected::FallsBack(Box::leak(reason.into_boxed_str()))
            });
            let row = Row {
                line: "file",
                layout: args.layout,
                twist: Twist::None,
                expected,
                docker: false,
            };
            bench.run_row(&row, Some(file), args)
        }
    }
}

impl Outcome {
    fn line(&self) -> String {
        let seconds = self.took.as_secs();
        let shown = match &self.result {
            Ok(count) => format!("{count} checks passed"),
            Err(why) => format!("FAILED: {why}"),
        };
        format!("vm {} ({}): {shown}, {seconds} s", self.row, self.release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_of_another_architecture_is_refused_in_one_sentence() {
        assert!(fits("x86_64").is_ok());
        let refused = fits("aarch64").unwrap_err().to_string();
        assert!(refused.contains("aarch64") && !refused.contains('\n'), "{refused}");
    }
}
