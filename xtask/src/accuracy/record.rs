//! What a scenario wrote down, as `agent_tests::accuracy` writes it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Number in the list of scenarios, with a letter where one number is several.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) figures: Vec<Figure>,
    /// Why nothing was measured.
    pub(super) not_shown: Option<String>,
}

/// One figure of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) measured: String,
    pub(super) bound: String,
    pub(super) holds: bool,
}

impl Record {
    /// The number in the id, by which records are put in order.
    pub(super) fn number(&self) -> u32 {
        let digits: String = self.id.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    }
}

/// Every record in `dir`, in the order of their ids.
pub(super) fn read_all(dir: &Path) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for entry in fs::read_dir(dir).context("reading the directory of records")? {
        let path = entry.context("reading the directory of records")?.path();
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let record: Record = serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?;
        records.push(record);
    }
    records.sort_by_key(|record| (record.number(), record.id.clone()));
    Ok(records)
}
