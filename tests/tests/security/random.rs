//! Chance, the same in each run.

use std::fmt::Write as _;

/// The same sequence in each run, so that what fails can be looked at (xorshift64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// A number from 0 to one less than `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap_or(1)).unwrap_or(0)
    }

    /// One of several.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A few fragments, one of them always `bad`.
    pub(crate) fn text(&mut self, fragments: &[&str], bad: &str) -> String {
        let mut text = String::new();
        let (count, place) = (self.below(6), self.below(6));
        for number in 0..=count {
            if number == place.min(count) {
                text.push_str(bad);
            }
            match self.below(12) {
                0 => {
                    let _infallible = write!(text, "%{:02x}", self.below(256));
                }
                1 => text.push_str(&"a".repeat(self.below(300))),
                _ => text.push_str(fragments[self.below(fragments.len())]),
            }
        }
        text
    }
}
