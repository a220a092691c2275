//! `cargo xtask package`: the agent as a Debian package, with its manual page, completions and units.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::{Context as _, Result};

use crate::{
    artifacts,
    command::{Command, workspace},
    setup::{self, Need},
};

/// Where the package's description in `agent/Cargo.toml` names the executable, and the pages and completions: below the
/// workspace, wherever cargo builds and whatever the host's target is called.
const EXECUTABLE: &str = "target/static/balancer-agent";
const MANUAL: &str = "target/manual";
/// Where the package is put.
const PACKAGES: &str = "target/debian";

/// `cargo xtask package` has nothing to choose.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn main(_: &Args) -> Result<()> {
    setup::ensure(Need::Package)?;
    let agent = artifacts::agent()?;
    let root = workspace()?;
    let manual = root.join(MANUAL);
    // a page of a command that is no more would be packaged
    remove(&manual)?;
    artifacts::manual(&manual)?;
    stage(&agent, &root.join(EXECUTABLE))?;
    Command::cargo()
        .args([
            "deb",
            "--package",
            "balancer-agent",
            "--no-build",
            "--no-strip",
            "--output",
        ])
        .arg(root.join(PACKAGES))
        .run()
}

fn stage(file: &Path, to: &Path) -> Result<()> {
    let place = to.parent().context("a file lies in a directory")?;
    fs::create_dir_all(place).with_context(|| format!("making {}", place.display()))?;
    fs::copy(file, to).with_context(|| format!("copying {} to {}", file.display(), to.display()))?;
    Ok(())
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_package_is_made_of_is_put_where_its_description_names_it() {
        let described = include_str!("../../agent/Cargo.toml");
        let built: Vec<_> = described
            .split('"')
            .filter_map(|word| word.strip_prefix("../"))
            .filter(|path| path.starts_with("target/"))
            .collect();
        assert!(built.contains(&EXECUTABLE), "{built:?}");
        for path in built {
            let dir = Path::new(path).parent();
            assert!(path == EXECUTABLE || dir == Some(Path::new(MANUAL)), "{path}");
        }
    }
}
