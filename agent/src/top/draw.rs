//! The screen, of the model.

mod detail;
mod header;
mod help;

use std::time::Instant;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style, Stylize as _},
    text::{Line, Span},
    widgets::{Cell, Paragraph, Row, Table, TableState},
};

use super::{
    columns::{self, Column, GAP},
    keys::Mode,
    model::{Link, Model},
};
use crate::client::text;

/// Draws everything; gives the rows of the table that there is room for.
pub(super) fn frame(frame: &mut Frame<'_>, model: &Model, scrolled: &mut TableState, now: Instant) -> usize {
    let area = frame.area();
    let mut lines = header::lines(model, usize::from(area.width), now);
    // Of a low screen the table has a half at least.
    lines.truncate(usize::from(area.height / 2));
    let head = u16::try_from(lines.len()).unwrap_or(area.height);
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(head), Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    frame.render_widget(Paragraph::new(lines), top);
    frame.render_widget(footer(model), bottom);
    match &model.detail {
        Some(shown) => detail::draw(frame, middle, shown, model),
        None => table(frame, middle, model, scrolled),
    }
    if model.shows_help {
        help::draw(frame, area);
    }
    usize::from(middle.height.saturating_sub(1))
}

fn table(frame: &mut Frame<'_>, area: Rect, model: &Model, scrolled: &mut TableState) {
    let rows = model.rows();
    let at_ms = model
        .figures
        .as_ref()
        .and_then(|figures| figures.snapshot.sampled_at_ms);
    let longest = |column: Column| {
        let widths = rows.iter().map(|row| text::width(&column.cell(row, at_ms)));
        widths.max().unwrap_or_default()
    };
    let fitting = columns::fitting(area.width.into(), longest(Column::Name), longest(Column::Service));
    let of_row = |row: &&_| {
        let cells = fitting
            .iter()
            .map(|(column, width)| cell(*column, &column.cell(row, at_ms), *width));
        Row::new(cells)
    };
    let headings = fitting
        .iter()
        .map(|(column, width)| cell(*column, &heading(*column, model), *width));
    let widths = fitting
        .iter()
        .map(|(_, width)| Constraint::Length(u16::try_from(*width).unwrap_or(u16::MAX)));
    scrolled.select(model.cursor(&rows));
    let style = if model.link == Link::Live {
        Style::new()
    } else {
        Style::new().dim()
    };
    let table = Table::new(rows.iter().map(of_row), widths)
        .header(Row::new(headings).style(Style::new().bold()))
        .column_spacing(u16::try_from(GAP).unwrap_or(1))
        .row_highlight_style(Modifier::REVERSED)
        .style(style);
    frame.render_stateful_widget(table, area, scrolled);
    if rows.is_empty()
        && let Some(figures) = &model.figures
    {
        let below = area.rows().nth(1).unwrap_or_default();
        let said = match figures.snapshot.node.docker.as_deref() {
            _ if !model.filter.is_empty() => "no container fits the filter",
            Some("never_reached") => "no container is known",
            _ => "no container runs",
        };
        frame.render_widget(Line::from(said).dim(), below);
    }
}

fn cell(column: Column, shown: &str, width: usize) -> Cell<'static> {
    let line = Line::from(text::cut(shown, width));
    Cell::from(if columns::is_figure(column) {
        line.right_aligned()
    } else {
        line
    })
}

/// With a mark where the rows are sorted by it.
fn heading(column: Column, model: &Model) -> String {
    let mark = match (model.sort.by == column, model.sort.is_descending()) {
        (false, _) => "",
        (true, true) => "▼",
        (true, false) => "▲",
    };
    format!("{}{mark}", column.heading())
}

fn footer(model: &Model) -> Line<'static> {
    match model.mode() {
        Mode::Filter => Line::from(format!("/{}█", text::clean(&model.filter))),
        Mode::Detail | Mode::Help if model.detail.is_some() => keys(&[
            ("1", "5m"),
            ("2", "1h"),
            ("3", "24h"),
            ("Esc", "back"),
            ("?", "help"),
            ("q", "quit"),
        ]),
        _ if !model.filter.is_empty() => Line::from(vec![
            Span::from(format!("filter {} ", text::clean(&model.filter))).bold(),
            Span::from("Esc clears it"),
        ]),
        _ => keys(&[
            ("q", "quit"),
            ("?", "help"),
            ("/", "filter"),
            ("Enter", "one"),
            ("cmrtns", "sort"),
        ]),
    }
}

fn keys(keys: &[(&'static str, &'static str)]) -> Line<'static> {
    let spans = keys.iter().flat_map(|(key, does)| {
        [
            Span::from(*key).reversed(),
            Span::from(" "),
            Span::from(*does),
            Span::from("  "),
        ]
    });
    spans.collect()
}

#[cfg(test)]
mod tests;
