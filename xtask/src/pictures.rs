//! `cargo xtask pictures`: takes the pictures of the documents anew, of an agent that runs.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{
    command::workspace,
    setup::{self, Need},
    test,
};

/// The integration test and, of it, the one that takes them.
const TARGET: &str = "page";
const TEST: &str = "pictures_of_the_page_can_be_taken";

/// `cargo xtask pictures` has nothing to choose.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn main(_: &Args) -> Result<()> {
    setup::ensure(Need::Test)?;
    let dir = workspace()?.join("docs/pictures");
    fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
    let variables = [("BALANCER_PICTURES_DIR", dir.as_os_str())];
    test::as_root(|name| name == TARGET, Some(TEST), &variables)?.all_passed(Some(TEST))
}
