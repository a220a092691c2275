//! The columns of the table: what stands in them, and which there is room for.

use crate::client::{
    reply::Container,
    text::{self, NOT_MEASURED},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Service,
    Cpu,
    Memory,
    Free,
    Rx,
    Tx,
    Source,
    Uptime,
}

/// Columns of text that figures take; none is wider.
const FIGURE: usize = 6;
/// Between two columns.
pub(super) const GAP: usize = 1;
/// A name that is shorter cannot be told from others.
const SHORTEST_NAME: usize = 12;
/// What is worth seeing of a name before there is room for more than CPU, memory and network.
const FAIR_NAME: usize = 16;
const SHORTEST_SERVICE: usize = 8;

impl Column {
    /// From left to right.
    pub(super) const ALL: [Self; 9] = [
        Self::Name,
        Self::Service,
        Self::Cpu,
        Self::Memory,
        Self::Free,
        Self::Rx,
        Self::Tx,
        Self::Source,
        Self::Uptime,
    ];

    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Service => "SERVICE",
            Self::Cpu => "CPU %",
            Self::Memory => "MEM",
            Self::Free => "FREE",
            Self::Rx => "RX/s",
            Self::Tx => "TX/s",
            Self::Source => "SOURCE",
            Self::Uptime => "UPTIME",
        }
    }

    /// What stands in the row of a container, at an instant of the agent's clock.
    pub(super) fn cell(self, container: &Container, at_ms: Option<i64>) -> String {
        let known = |text: Option<&str>| text.map_or(NOT_MEASURED.to_owned(), text::clean);
        match self {
            Self::Name => text::clean(&container.name),
            Self::Service => known(container.service.as_deref()),
            Self::Cpu => text::percent(container.cpu),
            Self::Memory => text::bytes(container.memory),
            Self::Free => text::bytes(container.free_memory),
            Self::Rx => text::rate(container.rx()),
            Self::Tx => text::rate(container.tx()),
            Self::Source => known(container.source.as_deref()),
            Self::Uptime => text::duration(container.uptime(at_ms)),
        }
    }

    fn least_width(self) -> usize {
        match self {
            Self::Name => SHORTEST_NAME,
            Self::Service => SHORTEST_SERVICE,
            _ => FIGURE,
        }
    }
}

/// Figures stand right in their column.
pub(super) fn is_figure(column: Column) -> bool {
    !matches!(column, Column::Name | Column::Service | Column::Source)
}

/// What there is room for, each with its width. Name and CPU always stay; of the others the ones that tell least go
/// first.
pub(super) fn fitting(width: usize, longest_name: usize, longest_service: usize) -> Vec<(Column, usize)> {
    let takes = |columns: &[Column]| -> usize { columns.iter().map(|column| column.least_width() + GAP).sum() };
    let mut chosen = vec![Column::Name, Column::Cpu];
    // a group, and how short names may become for it
    for (group, name) in [
        (&[Column::Memory][..], SHORTEST_NAME),
        (&[Column::Rx, Column::Tx], SHORTEST_NAME),
        (&[Column::Service], FAIR_NAME),
        (&[Column::Uptime], FAIR_NAME),
        (&[Column::Free], FAIR_NAME),
        (&[Column::Source], FAIR_NAME),
    ] {
        // the last column has no gap behind it
        if takes(&chosen) + takes(group) - GAP + name - SHORTEST_NAME > width {
            break;
        }
        chosen.extend_from_slice(group);
    }
    let mut spare = (width + GAP).saturating_sub(takes(&chosen));
    let mut wider = |column: Column, longest: usize| {
        let more = longest.saturating_sub(column.least_width()).min(spare);
        spare -= more;
        column.least_width() + more
    };
    // names are what containers are told apart by
    let name = wider(Column::Name, longest_name);
    let service = wider(Column::Service, longest_service);
    let width_of = |column: Column| match column {
        Column::Name => name.min(width),
        Column::Service => service,
        _ => FIGURE,
    };
    Column::ALL
        .into_iter()
        .filter(|column| chosen.contains(column))
        .map(|column| (column, width_of(column)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_terminals_lose_what_tells_least_first() {
        for (width, headings) in [
            (200, "NAME SERVICE CPU % MEM FREE RX/s TX/s SOURCE UPTIME"),
            (80, "NAME SERVICE CPU % MEM FREE RX/s TX/s SOURCE UPTIME"),
            (74, "NAME SERVICE CPU % MEM FREE RX/s TX/s SOURCE UPTIME"),
            (73, "NAME SERVICE CPU % MEM FREE RX/s TX/s UPTIME"),
            (66, "NAME SERVICE CPU % MEM RX/s TX/s UPTIME"),
            (59, "NAME SERVICE CPU % MEM RX/s TX/s"),
            (52, "NAME CPU % MEM RX/s TX/s"),
            (40, "NAME CPU % MEM RX/s TX/s"),
            (39, "NAME CPU % MEM"),
            (25, "NAME CPU %"),
            (5, "NAME CPU %"),
        ] {
            let fitting: Vec<_> = fitting(width, 12, 8)
                .iter()
                .map(|(column, _)| column.heading())
                .collect();
            assert_eq!(fitting.join(" "), headings, "{width}");
        }
    }

    #[test]
    fn what_is_left_of_the_width_goes_to_names_and_then_to_services() {
        let widths = |width, name, service| -> Vec<usize> {
            let fitting = fitting(width, name, service);
            fitting
                .iter()
                .filter(|(column, _)| !is_figure(*column))
                .map(|(_, width)| *width)
                .collect()
        };
        assert_eq!(widths(80, 12, 8), [12, 8, 6], "no wider than it must be");
        assert_eq!(widths(80, 19, 30), [19, 11, 6]);
        assert_eq!(widths(80, 60, 30), [22, 8, 6]);
        assert_eq!(widths(40, 60, 30), [12]);
        assert_eq!(widths(200, 60, 30), [60, 30, 6]);
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        for width in 20..200 {
            let columns = fitting(width, 70, 40);
            let total: usize = columns.iter().map(|(_, width)| width + GAP).sum();
            assert!(total - GAP <= width, "{width}: {columns:?}");
        }
    }
}
