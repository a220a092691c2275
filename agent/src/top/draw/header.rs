//! The lines above the table: the node, and what is not as it should be.

use std::time::Instant;

use ratatui::{
    style::{Style, Stylize as _},
    text::{Line, Span},
};

use super::super::{
    graph::spark,
    model::{Link, Model},
    troubles::with_docker,
};
use crate::client::{
    reply::Node,
    text::{self, NOT_MEASURED},
};

const FULL: f64 = 100.0;
const WIDEST_BAR: usize = 30;
/// What stands beside a bar.
const BESIDE_BAR: usize = 34;
const KIB: u64 = 1024;

pub(super) fn lines(model: &Model, width: usize, now: Instant) -> Vec<Line<'static>> {
    let mut lines = vec![title(model, now)];
    if let Some(figures) = &model.figures {
        let node = &figures.snapshot.node;
        lines.push(cpu(node, width));
        lines.push(memory(node, width));
        lines.push(network(node, width));
    }
    lines.extend(troubles(model, now).into_iter().map(|trouble| {
        let style = if model.link == Link::Live {
            Style::new().yellow()
        } else {
            Style::new().red().bold()
        };
        Line::styled(text::cut(&trouble, width), style)
    }));
    lines
}

fn title(model: &Model, now: Instant) -> Line<'static> {
    let Some(figures) = &model.figures else {
        return Line::from("balancer-agent top".bold());
    };
    let node = &figures.snapshot.node;
    let name = node.name.as_deref().map_or("this node".to_owned(), text::clean);
    let source = node.source.as_deref().map_or(NOT_MEASURED.to_owned(), text::clean);
    let count = node
        .nb_containers
        .map_or(NOT_MEASURED.to_owned(), |count| count.to_string());
    let mut spans = vec![name.bold(), Span::from(format!("  {source}  {count} containers  "))];
    if let Some((age, is_old)) = model.age(now) {
        let age = text::duration(Some(age));
        spans.push(if is_old {
            format!("STALE {age} old").red().bold()
        } else {
            Span::from(format!("{age} old"))
        });
    }
    Line::from(spans)
}

/// All CPUs as a bar, and each as a block.
fn cpu(node: &Node, width: usize) -> Line<'static> {
    if node.cpus.is_empty() {
        return Line::from("CPU  -");
    }
    let mut cpus: Vec<_> = node.cpus.iter().collect();
    // cpu10 comes after cpu9
    cpus.sort_by_key(|(name, _)| (name.len(), (*name).clone()));
    #[expect(clippy::cast_precision_loss, reason = "as many as CPUs")]
    let mean = cpus.iter().map(|(_, busy)| **busy).sum::<f64>() / cpus.len() as f64;
    let blocks: String = cpus.iter().map(|(_, busy)| spark(**busy, FULL)).collect();
    let told = format!("{:>6} of {} CPUs ", text::percent(Some(mean)), cpus.len());
    let mut spans = bar("CPU", mean / FULL, width);
    let used: usize = spans.iter().map(Span::width).sum::<usize>() + told.len();
    spans.push(Span::from(told));
    spans.push(text::cut(&blocks, width.saturating_sub(used)).green());
    Line::from(spans)
}

fn memory(node: &Node, width: usize) -> Line<'static> {
    let bytes = |kib: Option<u64>| text::bytes(kib.map(|kib| kib.saturating_mul(KIB)));
    let told = format!(
        "{:>6} used {:>6} free",
        bytes(node.used_memory()),
        bytes(node.free_memory)
    );
    let share = node.used_memory().zip(node.memory).map(|(used, all)| {
        #[expect(clippy::cast_precision_loss, reason = "a share of a bar")]
        let (used, all) = (used as f64, all.max(1) as f64);
        used / all
    });
    let mut spans = share.map_or_else(|| vec![Span::from("MEM  ")], |share| bar("MEM", share, width));
    spans.push(Span::from(told));
    Line::from(spans)
}

/// A bar where there is room for one beside what is told.
fn bar(name: &'static str, share: f64, width: usize) -> Vec<Span<'static>> {
    let cells = width.saturating_sub(BESIDE_BAR).min(WIDEST_BAR);
    let mut spans = vec![Span::from(format!("{name}  "))];
    if cells < 5 {
        return spans;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of some cells"
    )]
    let full = (share.clamp(0.0, 1.0) * cells as f64).round() as usize;
    spans.push(Span::from("["));
    spans.push("|".repeat(full).green());
    spans.push(Span::from(format!("{}] ", " ".repeat(cells - full))));
    spans
}

/// Interfaces by what they move, as many as there is room for; what stays on the machine is not among them.
fn network(node: &Node, width: usize) -> Line<'static> {
    let mut interfaces: Vec<_> = node.network.iter().filter(|(name, _)| *name != "lo").collect();
    let moved = |rates: &crate::client::reply::Rates| rates.rx.unwrap_or_default() + rates.tx.unwrap_or_default();
    interfaces.sort_by(|(a_name, a), (b_name, b)| moved(b).total_cmp(&moved(a)).then_with(|| a_name.cmp(b_name)));
    let mut told = "NET".to_owned();
    for (name, rates) in interfaces {
        let one = format!(
            "  {} rx {} tx {}",
            text::clean(name),
            text::rate(rates.rx),
            text::rate(rates.tx)
        );
        if told.len() > "NET".len() && text::width(&told) + text::width(&one) > width {
            break;
        }
        told.push_str(&one);
    }
    if told == "NET" {
        told.push_str("  -");
    }
    Line::from(text::cut(&told, width))
}

/// The worst first.
fn troubles(model: &Model, now: Instant) -> Vec<String> {
    let mut troubles = Vec::new();
    match &model.link {
        Link::Waiting => troubles.push("asking the agent".to_owned()),
        Link::Live => {}
        Link::Broken { why, since } => {
            let lasts = text::duration(Some(now.saturating_duration_since(*since)));
            let what = if why.is_away { "AWAY" } else { "NO FIGURES" };
            troubles.push(format!("{what} {lasts}, trying again: {}", why.said));
        }
    }
    let Some(figures) = &model.figures else {
        return troubles;
    };
    let node = &figures.snapshot.node;
    troubles.extend(with_docker(node));
    if let Some(reason) = &node.source_reason {
        troubles.push(format!("not counted in the kernel: {}", text::clean(reason)));
    }
    if let Some(missed) = node.agent.ticks_missed.filter(|missed| *missed > 0) {
        troubles.push(format!("the agent has missed {missed} ticks since its start"));
    }
    troubles
}
