//! Which containers are shown, and in which order.

use std::cmp::Ordering;

use super::columns::Column;
use crate::client::reply::Container;

/// By what the rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) by: Column,
    pub(super) reversed: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self {
            by: Column::Cpu,
            reversed: false,
        }
    }
}

impl Sort {
    /// What asking for a column makes of it: the same again turns it round.
    pub(super) fn asked_for(self, by: Column) -> Self {
        Self {
            by,
            reversed: self.by == by && !self.reversed,
        }
    }

    /// Figures begin with the largest, names with the first.
    pub(super) fn is_descending(self) -> bool {
        super::columns::is_figure(self.by) != self.reversed
    }
}

/// Those that fit the filter, sorted. What was not measured comes last either way.
pub(super) fn rows<'a>(containers: &'a [Container], sort: Sort, filter: &str) -> Vec<&'a Container> {
    let filter = filter.to_lowercase();
    let mut rows: Vec<_> = containers.iter().filter(|container| fits(container, &filter)).collect();
    rows.sort_by(|a, b| {
        by_column(a, b, sort)
            .then_with(|| a.name.cmp(&b.name))
            .then_with(|| a.id.cmp(&b.id))
    });
    rows
}

/// Whether name, service or image have the text in them, or the id begins with it. `filter` is in small letters.
fn fits(container: &Container, filter: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(filter);
    has(&container.name)
        || container.service.as_deref().is_some_and(has)
        || container.image.as_deref().is_some_and(has)
        || container.id.starts_with(filter)
}

fn by_column(a: &Container, b: &Container, sort: Sort) -> Ordering {
    let figures = |a: Option<f64>, b: Option<f64>| known_first(a, b, sort, |a, b| a.total_cmp(&b));
    match sort.by {
        Column::Cpu => figures(a.cpu, b.cpu),
        Column::Memory => known_first(a.memory, b.memory, sort, |a, b| a.cmp(&b)),
        Column::Rx => figures(a.rx(), b.rx()),
        Column::Tx => figures(a.tx(), b.tx()),
        Column::Service => known_first(a.service.as_deref(), b.service.as_deref(), sort, str::cmp),
        // no key asks for the others
        _ => known_first(Some(a.name.as_str()), Some(b.name.as_str()), sort, str::cmp),
    }
}

fn known_first<T>(a: Option<T>, b: Option<T>, sort: Sort, compare: impl Fn(T, T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if sort.is_descending() => compare(b, a),
        (Some(a), Some(b)) => compare(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::reply::Rates;

    fn containers() -> Vec<Container> {
        let of = |id: &str, name: &str, service: Option<&str>, cpu, memory, rx, tx| Container {
            id: id.to_owned(),
            name: name.to_owned(),
            service: service.map(str::to_owned),
            image: Some("Nginx:1".to_owned()),
            cpu,
            memory,
            net: Some(Rates { rx, tx }),
            ..Container::default()
        };
        vec![
            of("aa", "db", Some("x"), Some(5.0), Some(9), None, Some(1.0)),
            of("bb", "web-2", Some("Web"), Some(50.0), None, Some(0.0), Some(2.0)),
            of("cc", "web-1", None, None, Some(3), Some(7.0), Some(3.0)),
            of("dd", "web-1", Some("a"), Some(5.0), Some(4), Some(7.0), None),
        ]
    }

    #[track_caller]
    fn ids(sort: Sort, filter: &str) -> String {
        let containers = containers();
        rows(&containers, sort, filter)
            .iter()
            .map(|row| row.id.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn figures_begin_with_the_largest_names_with_the_first_and_what_is_not_known_is_last() {
        for (by, ordered, reversed) in [
            (Column::Cpu, "bb aa dd cc", "aa dd bb cc"),
            (Column::Memory, "aa dd cc bb", "cc dd aa bb"),
            (Column::Rx, "cc dd bb aa", "bb cc dd aa"),
            (Column::Tx, "cc bb aa dd", "aa bb cc dd"),
            (Column::Name, "aa cc dd bb", "bb cc dd aa"),
            (Column::Service, "bb dd aa cc", "aa dd bb cc"),
        ] {
            let sort = Sort { by, reversed: false };
            assert_eq!(ids(sort, ""), ordered, "{by:?}");
            assert_eq!(ids(sort.asked_for(by), ""), reversed, "{by:?}");
            assert_eq!(sort.asked_for(by).asked_for(by), sort, "twice turned");
        }
        let turned = Sort::default().asked_for(Column::Cpu);
        assert!(
            turned.reversed && !turned.asked_for(Column::Memory).reversed,
            "another begins anew"
        );
    }

    #[test]
    fn a_filter_is_looked_for_in_names_services_images_and_ids() {
        for (filter, kept) in [
            ("", "bb aa dd cc"),
            ("WEB", "bb dd cc"),
            ("nginx", "bb aa dd cc"),
            ("dd", "dd"),
            ("no", ""),
        ] {
            assert_eq!(ids(Sort::default(), filter), kept, "{filter}");
        }
    }
}
