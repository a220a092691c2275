//! One container: what is known of it, and its past as graphs.

use std::time::Duration;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Style, Stylize as _},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::super::{
    columns::Column,
    graph::{Graph, largest, resample, steps_since},
    model::{Detail, Link, Model, Past, Window},
};
use crate::client::{
    reply::{Container, History},
    text::{self, NOT_MEASURED},
};

/// As much of an id as Docker's own tools show.
const SHORT_ID: usize = 12;
/// A graph that is lower tells nothing.
const LOWEST_GRAPH: u16 = 2;

type Figure = fn(Option<f64>) -> String;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, shown: &Detail, model: &Model) {
    let lines = about(shown, model, usize::from(area.width));
    let height = u16::try_from(lines.len()).unwrap_or(area.height).min(area.height);
    let [top, below] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area);
    frame.render_widget(Paragraph::new(lines), top);
    match &shown.past {
        Past::Asked => frame.render_widget(Line::from("asking for its past").dim(), below),
        Past::Unknown(why) => {
            let said = text::cut(&text::clean(why), usize::from(area.width));
            frame.render_widget(Line::from(said).red(), below);
        }
        Past::Known(history) => graphs(frame, below, history, (shown.wanted.window, model)),
    }
}

fn about(shown: &Detail, model: &Model, width: usize) -> Vec<Line<'static>> {
    let id: String = shown.wanted.id.chars().take(SHORT_ID).collect();
    let windows = Window::ALL.into_iter().flat_map(|window| {
        let name = Span::from(format!(" {} ", window.name()));
        [if window == shown.wanted.window {
            name.reversed()
        } else {
            name
        }]
    });
    let title = text::cut(&shown.name, width.saturating_sub(SHORT_ID + 18));
    let title = [title.bold(), Span::from(format!("  {}  ", text::clean(&id)))];
    let mut lines = vec![title.into_iter().chain(windows).collect::<Line<'_>>()];
    let Some(container) = model.detailed() else {
        lines.push(Line::from("it runs no more").yellow());
        return lines;
    };
    let at_ms = sampled_at_ms(model);
    let known = |text: Option<&str>| text.map_or(NOT_MEASURED.to_owned(), text::clean);
    let cell = |column: Column| column.cell(container, at_ms);
    let network = known(container.network_mode.as_deref());
    let managed = match container.managed {
        Some(true) => "yes",
        Some(false) => "no",
        None => NOT_MEASURED,
    };
    for told in [
        format!(
            "image {}  service {}",
            known(container.image.as_deref()),
            cell(Column::Service)
        ),
        format!(
            "up {}  source {}  network {network}  created by the agent {managed}",
            cell(Column::Uptime),
            cell(Column::Source),
        ),
        now(container, &cell),
    ] {
        let line = Line::from(text::cut(&told, width));
        lines.push(if model.link == Link::Live { line } else { line.dim() });
    }
    lines
}

fn sampled_at_ms(model: &Model) -> Option<i64> {
    model.figures.as_ref()?.snapshot.sampled_at_ms
}

fn now(container: &Container, cell: &impl Fn(Column) -> String) -> String {
    if let Some(error) = &container.error {
        return text::clean(error);
    }
    format!(
        "cpu {}  memory {} free {}  rx {}/s  tx {}/s",
        cell(Column::Cpu),
        cell(Column::Memory),
        cell(Column::Free),
        cell(Column::Rx),
        cell(Column::Tx),
    )
}

/// One figure: its points, and what it is by the sample that the rest of the screen is of.
struct Told<'a> {
    name: &'static str,
    points: &'a [Option<f64>],
    now: Option<f64>,
    written: Figure,
}

fn graphs(frame: &mut Frame<'_>, area: Rect, history: &History, (window, model): (Window, &Model)) {
    let container = model.detailed();
    #[expect(clippy::cast_precision_loss, reason = "memory of one container")]
    let memory = container
        .and_then(|container| container.memory)
        .map(|bytes| bytes as f64);
    let told = |name, points, now, written| Told {
        name,
        points,
        now,
        written,
    };
    let all = [
        told(
            "cpu",
            &history.cpu[..],
            container.and_then(|container| container.cpu),
            text::percent as Figure,
        ),
        told("memory", &history.memory[..], memory, text::rate),
        told("rx/s", &history.rx[..], container.and_then(Container::rx), text::rate),
        told("tx/s", &history.tx[..], container.and_then(Container::tx), text::rate),
    ];
    // a title and a graph; on a low screen those that come first
    let room = usize::from(area.height / (LOWEST_GRAPH + 1)).clamp(1, all.len());
    let places = Layout::vertical(vec![Constraint::Fill(1); room]).split(area);
    for (place, told) in places.iter().zip(all) {
        graph(frame, *place, &told, history, (window, sampled_at_ms(model)));
    }
}

fn graph(
    frame: &mut Frame<'_>,
    area: Rect,
    told: &Told<'_>,
    history: &History,
    (window, now_ms): (Window, Option<i64>),
) {
    let step_ms = history.step_ms;
    let [title, below] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let length_ms = u64::try_from(window.length().as_millis()).unwrap_or(u64::MAX);
    let slots = usize::try_from(length_ms / step_ms.max(1)).unwrap_or(usize::MAX);
    let since = steps_since(history, told.points.len(), now_ms);
    let columns = resample(told.points, since, slots.min(MOST_SLOTS), below.width.into());
    let (now, most) = ((told.written)(told.now), (told.written)(largest(told.points)));
    let figures = format!("{}  now {now}  most {most}", told.name);
    // a peak that is shorter than a step is not among them
    let of_means = if step_ms > SHORT_STEP_MS {
        format!(" of means of {}", text::duration(Some(Duration::from_millis(step_ms))))
    } else {
        String::new()
    };
    frame.render_widget(
        Line::from(vec![figures.bold(), format!("{of_means}  in {}", window.name()).dim()]),
        title,
    );
    frame.render_widget(
        Graph {
            points: &columns,
            top: largest(&columns).unwrap_or_default(),
            bars: Style::new().cyan(),
            gaps: Style::new().dim(),
        },
        below,
    );
}

/// Points of longer steps are said to be means.
const SHORT_STEP_MS: u64 = 1000;
/// More points than the longest time has at the shortest step.
const MOST_SLOTS: usize = 1 << 20;
