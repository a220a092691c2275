//! The table of docs/requirements.md: which kernel with which cgroups gives which source, with which limits.

use std::fs;

use anyhow::{Context as _, Result};

use super::{Outcome, matrix};
use crate::{command::workspace, generated};

const FILE: &str = "docs/requirements.md";
const PART: &str = "kernels";

/// Writes the table into its part of the page.
pub(super) fn write(outcomes: &[Outcome]) -> Result<()> {
    let file = workspace()?.join(FILE);
    let page = fs::read_to_string(&file).with_context(|| format!("reading {FILE}"))?;
    let page = generated::replace(&page, PART, &format!("\n{}\n", table(outcomes)))?;
    fs::write(&file, page).with_context(|| format!("writing {FILE}"))?;
    println!("vm: {FILE} is written");
    Ok(())
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = "| kernel | cgroups, settings | source | limits |\n| --- | --- | --- | --- |\n".to_owned();
    for outcome in outcomes {
        let facts = |name: &str| {
            let of_name = outcome.facts.iter().filter_map(|fact| fact.strip_prefix(name));
            of_name.collect::<Vec<_>>().join("; ")
        };
        let (kernel, setting) = (version(&outcome.release), matrix::described(&outcome.row));
        let (source, limits) = (facts("source: "), facts("limit: "));
        table.push_str(&format!("| {kernel} | {setting} | {source} | {limits} |\n"));
    }
    table
}

/// `6.1.0-50-cloud-amd64` as Debian names it, without the flavour that all of them have.
fn version(release: &str) -> &str {
    release.split("-cloud").next().unwrap_or(release)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_row_tells_what_its_guest_told() {
        let facts = ["source: `ebpf`", "limit: one", "limit: two", "other"];
        let outcome = Outcome {
            row: "6.1-hybrid".to_owned(),
            release: "6.1.0-50-cloud-amd64".to_owned(),
            took: Duration::ZERO,
            facts: facts.map(str::to_owned).to_vec(),
            result: Ok(1),
        };
        let table = table(&[outcome]);
        let row = table.lines().nth(2).unwrap();
        assert_eq!(row, "| 6.1.0-50 | v1 and v2 (hybrid) | `ebpf` | one; two |");
    }
}
