//! `cargo xtask setup`: facts, a plan over them, the plan carried out, and a second look that it worked.

mod execute;
mod facts;
mod plan;
pub(crate) mod toolchain;
mod tools;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::workers;
pub(crate) use plan::Need;

/// `cargo xtask setup` has nothing to choose.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn main(_: &Args) -> Result<()> {
    let started = Instant::now();
    if !ensure(Need::Build)? {
        println!("setup: all is there (looked for {} ms)", started.elapsed().as_millis());
    }
    Ok(())
}

/// Makes sure that what `need` takes is on this machine; says whether anything had to be done.
pub(crate) fn ensure(need: Need) -> Result<bool> {
    let mut facts = facts::probe()?;
    let mut steps = plan::plan(need, &facts)?;
    if steps.is_empty() {
        return Ok(false);
    }
    if steps == [plan::Step::AptRefresh] {
        carry_out(need, &steps)?;
        facts = facts::probe()?.with_fresh_lists();
        steps = plan::plan(need, &facts)?;
    }
    carry_out(need, &steps)?;
    let left = plan::plan(need, &facts::probe()?.with_fresh_lists())?;
    if let Some(step) = left.first() {
        bail!("all steps of the setup ended well and yet this is left to do: {step}");
    }
    println!("setup: done");
    Ok(true)
}

fn carry_out(need: Need, steps: &[plan::Step]) -> Result<()> {
    println!("setup for {need}: this will");
    for step in steps {
        println!("  - {step}");
    }
    // What cargo builds of crates alone gets on while packages are fetched and unpacked.
    let (beside, in_turn): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step.takes_only_crates());
    workers::run(2, [in_turn, beside], |steps| {
        steps.into_iter().try_for_each(execute::execute)
    })?;
    Ok(())
}
