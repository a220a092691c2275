//! Lines of a key and numbers.

/// One line.
pub(super) struct Line<'a> {
    pub(super) key: &'a str,
    pub(super) numbers: Vec<u64>,
}

/// The lines of a text; what is no number ends a line.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let key = words.next()?;
        let numbers = words.map_while(|word| word.parse().ok()).collect();
        Some(Line { key, numbers })
    })
}
