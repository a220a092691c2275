//! Attaches programs that do nothing, or the least there is to do, beside the agent's and keeps them until its standard input
//! ends: `cargo xtask bench` compares the kernel's statistics of all.
//!
//! Usage: `reference_programs <root of the cgroup v2 tree> <empty|least>`. Prints `attached` when they are.

use std::{
    env,
    io::{self, Read as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use balancer_agent::kernel::reference::{Reference, ReferencePrograms};

fn main() -> Result<()> {
    let v2_root = env::args_os().nth(1).map(PathBuf::from);
    let v2_root = v2_root.context("name the root of the cgroup v2 tree")?;
    let which = match env::args().nth(2).as_deref() {
        Some("empty") => Reference::Empty,
        Some("least") => Reference::Least,
        _ => bail!("say which programs: empty or least"),
    };
    let programs = ReferencePrograms::attach(&v2_root, which)?;
    println!("attached");
    io::stdin()
        .read_to_end(&mut Vec::new())
        .context("waiting for the end of standard input")?;
    drop(programs);
    Ok(())
}
