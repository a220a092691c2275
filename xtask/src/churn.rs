//! `cargo xtask churn`: the agent's memory, map entries and open files while containers come and go, over an hour.

use anyhow::Result;

use crate::{
    setup::{self, Need},
    test,
};

/// The integration test that does it; in `cargo xtask test` it takes a minute.
const TARGET: &str = "churn";

/// How long to go on.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how many seconds; at most 6000.
    #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(20..=6000))]
    seconds: u64,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    setup::ensure(Need::Test)?;
    let seconds = args.seconds.to_string();
    // libtest would show the table only at the end, and only of a test that failed
    let variables = [
        ("BALANCER_CHURN_SECONDS", seconds.as_ref()),
        ("RUST_TEST_NOCAPTURE", "1".as_ref()),
    ];
    test::as_root(|name| name == TARGET, None, &variables)?.all_passed(None)
}
