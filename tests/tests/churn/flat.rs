//! The table over time, and whether its columns stay level.

use std::fmt;
use std::time::Duration;

/// What the agent held at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Since the start of the churn.
    pub(crate) at: Duration,
    /// Containers that had come and gone by then.
    pub(crate) removed: u64,
    pub(crate) rss_kib: u64,
    pub(crate) map_entries: u64,
    pub(crate) open_files: u64,
}

/// A column: its name, how it is read, and what it may differ by where nothing grows, beside a tenth: containers that
/// live at that moment, pages of the allocator.
type Column = (&'static str, fn(&Seen) -> u64, u64);

const COLUMNS: [Column; 3] = [
    ("memory (RSS, KiB)", |seen| seen.rss_kib, 512),
    ("map entries", |seen| seen.map_entries, 16),
    ("open files", |seen| seen.open_files, 16),
];

/// The columns that grew: behind the warm-up, the second half's highest is above the first half's.
pub(crate) fn not_flat(all: &[Seen], warm_up: Duration) -> Vec<String> {
    let level: Vec<&Seen> = all.iter().filter(|seen| seen.at >= warm_up).collect();
    let (first, second) = level.split_at(level.len() / 2);
    if first.is_empty() {
        return vec!["nothing was seen behind the warm-up".to_owned()];
    }
    let highest = |half: &[&Seen], read: fn(&Seen) -> u64| half.iter().map(|seen| read(seen)).max().unwrap_or(0);
    let grown = COLUMNS.into_iter().filter_map(|(name, read, slack)| {
        let (before, after) = (highest(first, read), highest(second, read));
        println!("{name}: at most {before} in the first half behind the warm-up, {after} in the second");
        (after > before + before / 10 + slack).then(|| format!("{name} grew from {before} to {after}"))
    });
    grown.collect()
}

/// One line of the table: the highest of a period.
#[derive(Debug)]
pub(crate) struct Row {
    period: Duration,
    ends_at: Duration,
    highest: Option<Seen>,
}

impl Row {
    pub(crate) const HEAD: &'static str = "     time  removed  RSS KiB  entries    files";

    pub(crate) fn starting(period: Duration) -> Self {
        Self {
            period,
            ends_at: period,
            highest: None,
        }
    }

    /// Takes a look in; gives the line of the period that it ends.
    pub(crate) fn take(&mut self, seen: Seen) -> Option<String> {
        let highest = self.highest.get_or_insert(seen);
        *highest = Seen {
            at: seen.at,
            removed: seen.removed,
            rss_kib: seen.rss_kib.max(highest.rss_kib),
            map_entries: seen.map_entries.max(highest.map_entries),
            open_files: seen.open_files.max(highest.open_files),
        };
        if seen.at < self.ends_at {
            return None;
        }
        self.ends_at += self.period;
        self.highest.take().map(|highest| highest.to_string())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.as_secs();
        write!(
            f,
            "{:>3} min {:02}  {:>7}  {:>7}  {:>7}  {:>7}",
            seconds / 60,
            seconds % 60,
            self.removed,
            self.rss_kib,
            self.map_entries,
            self.open_files,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(map_entries: impl Fn(u64) -> u64) -> Vec<Seen> {
        let look = |second| Seen {
            at: Duration::from_secs(second),
            removed: 3 * second,
            rss_kib: 9000,
            map_entries: map_entries(second),
            open_files: 200,
        };
        (1..=60).map(look).collect()
    }

    #[test]
    fn what_grows_is_named_and_what_only_goes_up_and_down_is_not() {
        let warm_up = Duration::from_secs(15);
        assert_eq!(
            not_flat(&looks(|second| 100 + second % 10), warm_up),
            Vec::<String>::new()
        );
        // growth before the end of the warm-up is none
        assert_eq!(
            not_flat(&looks(|second| 100 * second.min(15)), warm_up),
            Vec::<String>::new()
        );
        let grown = not_flat(&looks(|second| 100 + 3 * second), warm_up);
        assert!(grown.len() == 1 && grown[0].starts_with("map entries"), "{grown:?}");
        assert_eq!(not_flat(&[], warm_up).len(), 1);
    }

    #[test]
    fn a_row_is_the_highest_of_its_period() {
        let mut row = Row::starting(Duration::from_secs(20));
        let lines: Vec<String> = looks(|second| second % 20)
            .into_iter()
            .filter_map(|seen| row.take(seen))
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[2].split_whitespace().collect::<Vec<_>>(),
            ["1", "min", "00", "180", "9000", "19", "200"]
        );
    }
}
