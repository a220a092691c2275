//! The report as Markdown, aligned so that it is a table on a terminal too.

use std::fmt::Write as _;

use crate::report::{Report, Row, Table, Target};
use crate::statistics::Figure;

/// Everything, with a heading a table.
pub(crate) fn render(report: &Report) -> String {
    let mut text = format!("{}\n", report.machine.describe());
    if report.quick {
        text.push_str("\nA quick run: short windows, few containers. Its figures are for orientation.\n");
    }
    for table in &report.tables {
        let _ = write!(text, "\n### {}\n\n{}\n\n{}", table.title, table.how, lines(table));
    }
    for (heading, lines) in [("Not measured", &report.missing), ("Failed", &report.failed)] {
        if lines.is_empty() {
            continue;
        }
        let _ = write!(text, "\n### {heading}\n\n");
        for line in lines {
            let _ = writeln!(text, "- {line}");
        }
    }
    text
}

fn lines(table: &Table) -> String {
    let mut peers: Vec<&str> = Vec::new();
    for peer in table.rows.iter().flat_map(|row| &row.peers) {
        if !peers.contains(&peer.name.as_str()) {
            peers.push(&peer.name);
        }
    }
    let has_target = table.rows.iter().any(|row| row.target.is_some());
    let mut head = vec![String::new(), "agent".to_owned()];
    if has_target {
        head.push("target".to_owned());
    }
    head.extend(peers.iter().map(|name| (*name).to_owned()));
    let body = table.rows.iter().map(|row| cells(row, has_target, &peers));
    align(&std::iter::once(head).chain(body).collect::<Vec<_>>())
}

fn cells(row: &Row, has_target: bool, peers: &[&str]) -> Vec<String> {
    let ours = row.ours.map_or_else(String::new, |figure| with_unit(&figure, row.unit));
    let mut cells = vec![row.what.clone(), ours];
    if has_target {
        cells.push(verdict(row));
    }
    cells.extend(peers.iter().map(|name| {
        let Some(peer) = row.peers.iter().find(|peer| peer.name == *name) else {
            return String::new();
        };
        let ratio = peer
            .ratio
            .map_or_else(String::new, |ratio| format!(" = {}x", number(ratio)));
        with_unit(&peer.figure, row.unit) + &ratio
    }));
    cells
}

fn verdict(row: &Row) -> String {
    let (sign, limit) = match row.target {
        None => return String::new(),
        Some(Target::AtMost(limit)) => ("<=", limit),
        Some(Target::AtLeast(limit)) => (">=", limit),
    };
    let met = match row.met {
        Some(true) => "met",
        Some(false) => "NOT met",
        None => "not measured",
    };
    format!("{sign} {} {}: {met}", number(limit), row.unit)
}

fn with_unit(figure: &Figure, unit: &str) -> String {
    let median = number(figure.median);
    if figure.runs < 2 {
        return format!("{median} {unit}");
    }
    format!("{median} {unit} ({} to {})", number(figure.low), number(figure.high))
}

/// Three digits that say something; thousands apart.
fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size >= 100.0 || size == 0.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if size < 10_000.0 {
        return text;
    }
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |digits| ("-", digits));
    let mut apart = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    format!("{sign}{apart}")
}

fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
            .max(3)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if index == 0 {
            for width in &widths {
                let _ = write!(text, "| {} ", "-".repeat(*width));
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;

    #[test]
    fn numbers_keep_three_digits() {
        let shown = [0.0, 0.1234, 1.234, 12.34, 123.4, 1234.5, 61234.0, -1_234_567.0].map(number);
        assert_eq!(
            shown,
            ["0", "0.123", "1.23", "12.3", "123", "1234", "61,234", "-1,234,567"]
        );
    }

    #[test]
    fn what_failed_stands_apart_from_what_is_not_there() {
        let report = Report {
            machine: Machine::look(Vec::new()),
            quick: false,
            tables: Vec::new(),
            missing: vec!["wrk is not installed".to_owned()],
            failed: vec!["Maps: no eBPF".to_owned()],
        };
        let text = render(&report);
        let end = "\n### Not measured\n\n- wrk is not installed\n\n### Failed\n\n- Maps: no eBPF\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_table_has_a_column_a_peer_and_tells_the_verdict() {
        let rows = vec![
            Row::new("50 idle", "%", &[0.1])
                .target(Target::AtMost(0.2))
                .peer("netdata", &[4.0], &[0.1]),
            Row::new("500 idle", "%", &[2.0, 1.0, 3.0]).target(Target::AtMost(1.0)),
        ];
        let table = Table {
            id: "x",
            title: "X",
            how: "",
            rows,
        };
        let expected = "\
            |          | agent              | target            | netdata        |\n\
            | -------- | ------------------ | ----------------- | -------------- |\n\
            | 50 idle  | 0.100 %            | <= 0.200 %: met   | 4.00 % = 40.0x |\n\
            | 500 idle | 2.00 % (1.00 to 3.00) | <= 1.00 %: NOT met |                |\n";
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('-', "");
        assert_eq!(squeezed(&lines(&table)), squeezed(expected));
    }
}
