//! The table of docs/requirements.md: which kernel with which cgroups gives which source, with which limits.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use super::{Outcome, matrix};
use crate::{command::workspace, generated};

const FILE: &str = "docs/requirements.md";
const PART: &str = "kernels";

/// What a row showed.
struct Shown {
    row: String,
    release: String,
    facts: Vec<String>,
}

/// Keeps what a row showed, so that the table can be written without all rows having to run at one time.
pub(super) fn remember(outcome: &Outcome) -> Result<()> {
    let file = facts_of(&outcome.row)?;
    let mut lines = vec![outcome.release.as_str()];
    lines.extend(outcome.facts.iter().map(String::as_str));
    fs::write(&file, lines.join("\n")).with_context(|| format!("writing {}", file.display()))
}

/// Writes the table into its part of the page.
pub(super) fn write() -> Result<()> {
    let mut all = Vec::new();
    for row in matrix::ROWS.map(|row| row.name()) {
        let file = facts_of(&row)?;
        let text = fs::read_to_string(&file).with_context(|| format!("{row} has not passed here yet: run it"))?;
        let mut lines = text.lines().map(str::to_owned);
        let release = lines.next().with_context(|| format!("{} is empty", file.display()))?;
        all.push(Shown {
            row,
            release,
            facts: lines.collect(),
        });
    }
    let file = workspace()?.join(FILE);
    let page = fs::read_to_string(&file).with_context(|| format!("reading {FILE}"))?;
    let page = generated::replace(&page, PART, &format!("\n{}\n", table(&all)))?;
    fs::write(&file, page).with_context(|| format!("writing {FILE}"))?;
    println!("vm: {FILE} is written");
    Ok(())
}

fn facts_of(row: &str) -> Result<PathBuf> {
    Ok(workspace()?.join("target/vm").join(format!("{row}.facts")))
}

fn table(all: &[Shown]) -> String {
    let rows = all.iter().map(|shown| {
        let facts = |name: &str| {
            let of_name = shown.facts.iter().filter_map(|fact| fact.strip_prefix(name));
            of_name.collect::<Vec<_>>().join("; ")
        };
        let (kernel, setting) = (version(&shown.release), matrix::described(&shown.row));
        let (source, limits) = (facts("source: "), facts("limit: "));
        format!("| {kernel} | {setting} | {source} | {limits} |\n")
    });
    let head = "| kernel | cgroups, settings | source | limits |\n| --- | --- | --- | --- |\n".to_owned();
    [head].into_iter().chain(rows).collect()
}

/// `6.1.0-50-cloud-amd64` as Debian names it, without the flavour that all of them have.
fn version(release: &str) -> &str {
    release.split("-cloud").next().unwrap_or(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_what_its_guest_told() {
        let facts = ["source: `ebpf`", "limit: one", "limit: two", "other"];
        let shown = Shown {
            row: "6.1-hybrid".to_owned(),
            release: "6.1.0-50-cloud-amd64".to_owned(),
            facts: facts.map(str::to_owned).to_vec(),
        };
        let table = table(&[shown]);
        let row = table.lines().nth(2).unwrap();
        assert_eq!(row, "| 6.1.0-50 | v1 and v2 (hybrid) | `ebpf` | one; two |");
    }
}
