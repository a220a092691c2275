//! What the keys do.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    text::Line,
    widgets::{Block, Clear, Paragraph},
};

const LINES: [&str; 17] = [
    "up down j k   move",
    "PgUp PgDn     move by a page",
    "Home End      first, last",
    "c m r t       sort by CPU, memory,",
    "              received, sent",
    "n s           sort by name, service;",
    "              again: reversed",
    "/             filter: name, service,",
    "              image; Esc clears it",
    "Enter         one container, its past",
    "1 2 3         5 minutes, 1 h, 24 h",
    "q Ctrl-C      quit",
    "",
    "CPU %: of one CPU. Bytes in units",
    "of 1024. FREE: to its limit, or of",
    "the node. -: not measured.",
    "In graphs · is not measured.",
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let lines = LINES.map(Line::from);
    let height = u16::try_from(lines.len() + 2).unwrap_or(area.height);
    let place = area.centered(Constraint::Length(40), Constraint::Length(height));
    frame.render_widget(Clear, place);
    frame.render_widget(
        Paragraph::new(lines.to_vec()).block(Block::bordered().title(" keys ")),
        place,
    );
}
