//! Attaches programs that do nothing beside the agent's and keeps them until its standard input ends: `cargo xtask bench`
//! compares the kernel's statistics of both.
//!
//! Usage: `reference_programs <root of the cgroup v2 tree>`. Prints `attached` when they are.

use std::{
    env,
    io::{self, Read as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use balancer_agent::kernel::reference::ReferencePrograms;

fn main() -> Result<()> {
    let v2_root = env::args_os().nth(1).map(PathBuf::from);
    let v2_root = v2_root.context("name the root of the cgroup v2 tree")?;
    let programs = ReferencePrograms::attach(&v2_root)?;
    println!("attached");
    io::stdin()
        .read_to_end(&mut Vec::new())
        .context("waiting for the end of standard input")?;
    drop(programs);
    Ok(())
}
