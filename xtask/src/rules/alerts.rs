//! Whoever is woken by an alert finds what to do.

use super::Breach;
use crate::tree::SourceFile;

const ALERTS: &str = "deploy/prometheus/alerts.yaml";
const OPERATIONS: &str = "docs/operations.md";

/// Each alert has a section of its name among the operations, and each such section an alert.
pub(super) fn alerts_have_a_section(files: &[SourceFile]) -> Vec<Breach> {
    let of = |path: &str| files.iter().find(|file| file.path == path);
    let (Some(alerts), Some(operations)) = (of(ALERTS), of(OPERATIONS)) else {
        return Vec::new();
    };
    let named = names(alerts, "- alert: ");
    let told = names(operations, "### ");
    let untold = missing(alerts, &named, &told, OPERATIONS);
    let gone = missing(operations, &told, &named, ALERTS);
    untold.chain(gone).collect()
}

fn names<'a>(file: &'a SourceFile, before: &str) -> Vec<(usize, &'a str)> {
    let lines = file.lines();
    lines
        .filter_map(|(number, line)| Some((number, line.trim_start().strip_prefix(before)?.trim())))
        .collect()
}

fn missing<'a>(
    file: &'a SourceFile,
    names: &'a [(usize, &str)],
    elsewhere: &'a [(usize, &str)],
    place: &'a str,
) -> impl Iterator<Item = Breach> + 'a {
    let alone = names
        .iter()
        .filter(|(_, name)| !elsewhere.iter().any(|(_, other)| other == name));
    alone.map(move |(number, name)| Breach::at(file, *number, format!("{place} has nothing of the alert {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_without_a_section_is_found_and_a_section_without_an_alert() {
        let found = |alerts: &str, operations: &str| {
            let files = [SourceFile::new(ALERTS, alerts), SourceFile::new(OPERATIONS, operations)];
            alerts_have_a_section(&files).len()
        };
        let alerts = "rules:\n  - alert: Down\n    expr: up == 0\n  - alert: Late\n";
        assert_eq!(found(alerts, "## Alerts\n\n### Down\n\n### Late\n"), 0);
        assert_eq!(found(alerts, "### Down\n"), 1);
        assert_eq!(found(alerts, "### Down\n### Late\n### Gone\n"), 1);
        assert_eq!(found(alerts, "### Down, late\n"), 3);
    }
}
