//! `cargo xtask fleet`: engines joined into a Swarm on this machine, the agent on each, and containers moved between them.
//!
//! It is the test `fleet` of the package `agent-tests` with numbers of the caller's; the lane `docker` runs it small.

use std::ffi::OsString;

use anyhow::{Result, ensure};

use crate::{
    setup::{self, Need},
    test,
};

const TARGET: &str = "fleet";

/// How large.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Docker engines, each with an agent: 2 to 9
    #[arg(long, default_value_t = 3)]
    nodes: u8,
    /// Containers that are created on the first node
    #[arg(long, default_value_t = 30)]
    containers: u32,
    /// How many of them are moved to the other nodes
    #[arg(long, default_value_t = 20)]
    moves: u32,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    ensure!(
        (2..=9).contains(&args.nodes),
        "--nodes: a fleet has 2 to 9 of them here"
    );
    ensure!(
        args.moves <= args.containers,
        "--moves: there are only {} containers to move",
        args.containers
    );
    setup::ensure(Need::Test)?;
    let numbers = [
        ("BALANCER_FLEET_NODES", args.nodes.to_string()),
        ("BALANCER_FLEET_CONTAINERS", args.containers.to_string()),
        ("BALANCER_FLEET_MOVES", args.moves.to_string()),
    ];
    let numbers = numbers.map(|(name, number)| (name, OsString::from(number)));
    let mut variables: Vec<_> = numbers
        .iter()
        .map(|(name, number)| (*name, number.as_os_str()))
        .collect();
    // what it found is the report
    variables.push(("RUST_TEST_NOCAPTURE", "1".as_ref()));
    test::as_root(|target| target == TARGET, None, &variables)?.all_passed(None)
}
