//! Figures as lines of text. Pure: what is not known is a dash, never a 0.

use std::fmt::Write as _;

use super::api::{Figures, Node};

const UNKNOWN: &str = "-";

/// What is known of one container at one moment.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// `None` while the agent has no full interval of it.
    pub(super) figures: Option<Figures>,
}

/// A line for the node, a heading, a line for each container.
pub(super) fn render(node: Option<&Node>, rows: &[Row]) -> String {
    let mut text = node_line(node);
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let mut line = |cells: [&str; 7]| {
        let [name, cpu, memory, free, rx, tx, source] = cells;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{name:<width$} {cpu:>7} {memory:>10} {free:>10} {rx:>11} {tx:>11}  {source}"
        );
    };
    line(["container", "CPU %", "memory", "free", "rx", "tx", "source"].map(|heading| heading));
    for row in rows {
        let figures = row.figures.as_ref();
        let net = figures.and_then(|figures| figures.net);
        let cells = [
            figures.and_then(|figures| figures.cpu).map(percent),
            figures.and_then(|figures| figures.memory).map(size),
            figures.and_then(|figures| figures.free_memory).map(size),
            net.map(|net| rate(net.rx)),
            net.map(|net| rate(net.tx)),
            figures.and_then(|figures| figures.source.clone()),
        ];
        let [cpu, memory, free, rx, tx, source] = &cells;
        let shown = |cell: &'_ Option<String>| cell.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        line([
            &row.name,
            &shown(cpu),
            &shown(memory),
            &shown(free),
            &shown(rx),
            &shown(tx),
            &shown(source),
        ]);
    }
    text
}

fn node_line(node: Option<&Node>) -> String {
    let Some(node) = node else {
        return format!("node: {UNKNOWN}");
    };
    let kib = |kib: Option<u64>| kib.map_or_else(|| UNKNOWN.to_owned(), |kib| size(kib.saturating_mul(1024)));
    let cpus: Vec<_> = node.cpus.values().copied().collect();
    let busy = if cpus.is_empty() {
        UNKNOWN.to_owned()
    } else {
        format!("{} of {}00 %", percent(cpus.iter().sum()), cpus.len())
    };
    let running = node
        .nb_containers
        .map_or_else(|| UNKNOWN.to_owned(), |count| count.to_string());
    format!(
        "node: CPUs {busy}, memory free {} of {}, containers {running}, counted by {}",
        kib(node.free_memory),
        kib(node.memory),
        node.source.as_deref().unwrap_or(UNKNOWN),
    )
}

fn percent(percent: f64) -> String {
    format!("{percent:.1}")
}

/// Bytes in powers of 1024, as memory is counted.
pub(super) fn size(bytes: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    }
}

/// Bytes a second in powers of 1000, as networks are counted.
pub(super) fn rate(bytes_per_s: f64) -> String {
    format!("{}/s", decimal(bytes_per_s))
}

/// Bytes in powers of 1000.
pub(super) fn decimal(bytes: f64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    // What would be rounded up to 1000 of a unit is one of the next.
    match units.into_iter().find(|(_, unit)| bytes >= unit * 0.999_5) {
        None => format!("{bytes:.0} B"),
        Some((name, unit)) => format!("{:.2} {name}", bytes / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::api::Net;

    #[test]
    fn sizes_are_in_powers_of_1024_and_never_rounded_up() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1023.9 KiB"),
            (64 << 20, "64.0 MiB"),
            ((3 << 30) + (1 << 29), "3.5 GiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn rates_are_in_powers_of_1000() {
        for (bytes, text) in [
            (0.0, "0 B/s"),
            (999.0, "999 B/s"),
            (999.7, "1.00 kB/s"),
            (5_012_000.0, "5.01 MB/s"),
            (2.5e9, "2.50 GB/s"),
        ] {
            assert_eq!(rate(bytes), text);
        }
    }

    #[test]
    fn a_row_shows_what_is_known_and_a_dash_for_the_rest() {
        let figures = Figures {
            cpu: Some(100.04),
            memory: Some(1 << 20),
            net: Some(Net { rx: 0.0, tx: 5e6 }),
            source: Some("ebpf".to_owned()),
            ..Figures::default()
        };
        let row = |name: &str, figures| Row {
            name: name.to_owned(),
            figures,
        };
        let rows = [row("demo-1-512", Some(figures)), row("demo-2-7", None)];
        let expected = "node: -
container    CPU %     memory       free          rx          tx  source
demo-1-512   100.0    1.0 MiB          -       0 B/s   5.00 MB/s  ebpf
demo-2-7         -          -          -           -           -  -";
        assert_eq!(render(None, &rows), expected);
    }

    #[test]
    fn the_node_is_one_line() {
        let node = Node {
            cpus: [("cpu0".to_owned(), 44.0), ("cpu1".to_owned(), 22.5)].into(),
            memory: Some(16 << 20),
            free_memory: Some(12 << 20),
            nb_containers: Some(4),
            source: Some("ebpf".to_owned()),
        };
        assert_eq!(
            node_line(Some(&node)),
            "node: CPUs 66.5 of 200 %, memory free 12.0 GiB of 16.0 GiB, containers 4, counted by ebpf"
        );
        assert_eq!(
            node_line(Some(&Node::default())),
            "node: CPUs -, memory free - of -, containers -, counted by -"
        );
    }
}
