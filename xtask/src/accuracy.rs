//! `cargo xtask accuracy`: runs every accounting scenario and writes the figures into `docs/accuracy.md`; with
//! `--check` it compares instead.

mod page;
mod record;

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    command::workspace,
    setup::{self, Need},
    test,
};
use record::Record;

/// Where the figures go.
const PAGE: &str = "docs/accuracy.md";
/// The integration test that holds the scenarios.
pub(crate) const TARGET: &str = "accuracy";

/// What to do with the figures.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail where a scenario, a bound or a verdict differs from the page.
    #[arg(long)]
    check: bool,
    /// Only scenarios whose test has this in its name; their figures are shown, and the page stays as it is.
    filter: Option<String>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    setup::ensure(Need::Test)?;
    let filter = args.filter.as_deref();
    let (totals, records) = run(filter)?;
    // of nothing, the page would say what was measured
    totals.any_ran(filter)?;
    if args.filter.is_some() {
        print!("{}", page::table(&records));
    }
    if args.check {
        compare(&records, args.filter.is_none())?;
        println!("{PAGE} says what was measured");
    } else if args.filter.is_none() {
        let path = workspace()?.join(PAGE);
        let old = fs::read_to_string(&path).with_context(|| format!("reading {PAGE}"))?;
        let new = page::with_records(&old, &records)?;
        fs::write(&path, new).with_context(|| format!("writing {PAGE}"))?;
        println!("wrote {} scenarios to {PAGE}", records.len());
    }
    totals.all_passed(filter)
}

/// The lane of `cargo xtask test`: all scenarios, and the page compared with them.
pub(crate) fn lane(filter: Option<&str>) -> Result<test::Totals> {
    let (mut totals, records) = run(filter)?;
    if filter.is_none() {
        totals.add_step(&format!("{PAGE} against what was measured"), compare(&records, true));
    }
    Ok(totals)
}

fn run(filter: Option<&str>) -> Result<(test::Totals, Vec<Record>)> {
    let dir = tempfile::tempdir().context("making a directory for the records")?;
    let totals = test::as_root(
        |name| name == TARGET,
        filter,
        &[("BALANCER_ACCURACY_DIR", dir.path().as_os_str())],
    )?;
    let records = record::read_all(dir.path())?;
    if records.is_empty() && filter.is_none() {
        bail!("no scenario wrote a record");
    }
    Ok((totals, records))
}

/// `all`: what is on the page and was not measured is a difference, too.
fn compare(records: &[Record], all: bool) -> Result<()> {
    let path = workspace()?.join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| format!("reading {PAGE}"))?;
    let differences = page::differences(&page, records, all)?;
    ensure!(
        differences.is_empty(),
        "{PAGE} differs from what was measured; look why, then run `cargo xtask accuracy`:\n{}",
        differences.join("\n")
    );
    Ok(())
}
