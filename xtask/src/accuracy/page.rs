//! The page: text written by hand, with a table of measured figures between two markers for each part of the list.

use anyhow::{Context as _, Result};

use super::record::Record;
use crate::generated;

/// Parts of the list, by the last number in each.
const PARTS: [(&str, u32); 3] = [("network", 20), ("cpu", 27), ("life-cycle", u32::MAX)];

/// What stands in place of a figure where two runs are compared.
const ANY: &str = "any";

fn part(record: &Record) -> &'static str {
    let number = record.number();
    PARTS
        .into_iter()
        .find(|(_, last)| number <= *last)
        .map_or(PARTS[0].0, |(name, _)| name)
}

/// The figures of `records` as a table.
pub(super) fn table<'r>(records: impl IntoIterator<Item = &'r Record>) -> String {
    rows(records, str::to_owned)
}

fn rows<'r>(records: impl IntoIterator<Item = &'r Record>, measured: impl Fn(&str) -> String) -> String {
    let mut out =
        String::from("| # | scenario | figure | measured | bound | |\n| --- | --- | --- | --- | --- | --- |\n");
    let mut row = |cells: [&str; 6]| {
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        out.extend(["| ", &cells.join(" | "), " |\n"]);
    };
    for record in records {
        if let Some(reason) = &record.not_shown {
            row([&record.id, &record.title, "", "", reason, "not shown"]);
        }
        for (place, figure) in record.figures.iter().enumerate() {
            let (id, title) = if place == 0 {
                (record.id.as_str(), record.title.as_str())
            } else {
                ("", "")
            };
            let verdict = if figure.holds { "holds" } else { "**does not hold**" };
            row([
                id,
                title,
                &figure.what,
                &measured(&figure.measured),
                &figure.bound,
                verdict,
            ]);
        }
    }
    out
}

/// The page with the figures of `records` in place of those it had.
pub(super) fn with_records(page: &str, records: &[Record]) -> Result<String> {
    PARTS.into_iter().try_fold(page.to_owned(), |page, (name, _)| {
        let of_part = records.iter().filter(|record| part(record) == name);
        generated::replace(&page, name, &table(of_part))
    })
}

/// Lines in which the page and `records` differ in anything but the measured figures and the reasons why something is not
/// shown, which another machine has others of; with `all`, `records` are to be everything that the page has.
pub(super) fn differences(page: &str, records: &[Record], all: bool) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    for (name, _) in PARTS {
        let of_part = records.iter().filter(|record| part(record) == name);
        let measured = rows(of_part, |_| ANY.to_owned());
        let written = generated::find(page, name).with_context(|| format!("part {name:?} of the page"))?;
        let written: Vec<_> = written.lines().map(without_figure).collect();
        let measured: Vec<_> = measured.lines().map(without_figure).collect();
        let only = |lines: &[String], others: &[String], sign: &str| {
            let lines = lines.iter().filter(|line| !others.contains(line));
            lines.map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
        };
        if all {
            differences.extend(only(&written, &measured, "page:    "));
        }
        differences.extend(only(&measured, &written, "measured:"));
    }
    Ok(differences)
}

/// A row of the table without what differs from run to run.
fn without_figure(line: &str) -> String {
    let mut cells: Vec<_> = line.split(" | ").collect();
    let differs = if cells.last() == Some(&"not shown |") { 4 } else { 3 };
    if let Some(cell) = cells.get_mut(differs) {
        *cell = ANY;
    }
    cells.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::record::Figure;

    const PAGE: &str = "# Figures\n<!-- generated: network -->\n<!-- end -->\n\n<!-- generated: cpu -->\n<!-- end -->\n\
                        <!-- generated: life-cycle -->\n<!-- end -->\ntext\n";

    fn record(id: &str, measured: &str, bound: &str, holds: bool) -> Record {
        Record {
            id: id.to_owned(),
            title: format!("scenario {id}"),
            figures: vec![Figure {
                what: "sent".to_owned(),
                measured: measured.to_owned(),
                bound: bound.to_owned(),
                holds,
            }],
            not_shown: None,
        }
    }

    #[test]
    fn a_page_holds_its_figures_between_its_markers_and_nothing_else_changes() {
        let page = with_records(
            PAGE,
            &[record("5", "1 B", "1 B", true), record("21", "2 s", "2 s", true)],
        )
        .unwrap();
        assert!(page.starts_with("# Figures\n") && page.ends_with("text\n"));
        assert!(page.contains("| 5 | scenario 5 | sent | 1 B | 1 B | holds |"), "{page}");
        let again = with_records(
            &page,
            &[record("5", "1 B", "1 B", true), record("21", "2 s", "2 s", true)],
        );
        assert_eq!(again.unwrap(), page);
    }

    #[test]
    fn a_figure_of_two_lines_is_one_row() {
        let page = with_records(PAGE, &[record("5", "1\nB", "1 B", true)]).unwrap();
        assert!(page.contains("| 5 | scenario 5 | sent | 1 B | 1 B | holds |"), "{page}");
    }

    #[test]
    fn another_figure_is_no_difference_but_another_bound_verdict_or_scenario_is() {
        let page = with_records(PAGE, &[record("5", "1 B", "1 B", true)]).unwrap();
        let differ = |records: &[Record]| differences(&page, records, true).unwrap().len();
        assert_eq!(differ(&[record("5", "2 B", "1 B", true)]), 0);
        assert_eq!(differ(&[record("5", "1 B", "2 B", true)]), 2);
        assert_eq!(differ(&[record("5", "1 B", "1 B", false)]), 2);
        assert_eq!(differ(&[record("6", "1 B", "1 B", true)]), 2);
        assert_eq!(differ(&[]), 1);
        let of_some = |records: &[Record]| differences(&page, records, false).unwrap().len();
        assert_eq!(of_some(&[]), 0);
        assert_eq!(of_some(&[record("5", "1 B", "2 B", true)]), 1);
    }

    #[test]
    fn another_reason_is_no_difference_but_whether_something_is_shown_is() {
        let shown = || record("5", "1 B", "1 B", true);
        let not_shown = |id: &str, reason: &str| Record {
            figures: Vec::new(),
            not_shown: Some(reason.to_owned()),
            ..record(id, "", "", true)
        };
        let page = |record: Record| with_records(PAGE, &[record]).unwrap();
        for (page, record, lines) in [
            (page(not_shown("5", "no such kernel")), not_shown("5", "not | tried"), 0),
            (page(not_shown("5", "no such kernel")), shown(), 2),
            (page(shown()), not_shown("5", "no such kernel"), 2),
            (
                page(not_shown("5", "no such kernel")),
                not_shown("6", "no such kernel"),
                2,
            ),
        ] {
            let found = differences(&page, std::slice::from_ref(&record), true).unwrap();
            assert_eq!(found.len(), lines, "{record:?}: {found:?}");
        }
    }
}
