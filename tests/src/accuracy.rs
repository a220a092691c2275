//! What a scenario of accuracy found: figures beside their bounds, kept for the page that `cargo xtask accuracy` writes.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

/// Where records go; without it they are only printed. `cargo xtask accuracy` sets it.
const RECORDS_DIR: &str = "BALANCER_ACCURACY_DIR";

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Packets, datagrams, segments, entries: the figure's name says of what.
    Count,
    /// Seconds.
    Seconds,
    /// Percent; of one CPU where it is CPU time.
    Percent,
    /// Nanoseconds.
    Ns,
}

/// Where a figure has to lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This and no other.
    Exactly(f64),
    /// Between the two, both included.
    Between(f64, f64),
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// No further from what another account says than `percent` of that and `slack` more.
    Near {
        /// What the other account says.
        reference: f64,
        /// Of the reference.
        percent: f64,
        /// In the figure's unit.
        slack: f64,
    },
    /// Nothing is promised: the figure is told so that a reader knows the size of a gap.
    Told,
}

/// One row or more of the page: a scenario with what it measured. [`Self::finish`] judges.
#[derive(Debug, Serialize)]
#[must_use = "a scenario that does not finish is missing from the page"]
pub struct Scenario {
    id: &'static str,
    title: &'static str,
    figures: Vec<Figure>,
    not_shown: Option<String>,
}

#[derive(Debug, Serialize)]
struct Figure {
    what: String,
    measured: String,
    bound: String,
    holds: bool,
}

impl Scenario {
    /// `id` is the number in the list of scenarios, with a letter where one number is several; `title` says what is
    /// done, in a few words.
    pub fn new(id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            title,
            figures: Vec::new(),
            not_shown: None,
        }
    }

    /// A scenario that cannot be had here, and why: it stands on the page all the same.
    pub fn not_shown(id: &'static str, title: &'static str, reason: &str) {
        let mut scenario = Self::new(id, title);
        scenario.not_shown = Some(reason.to_owned());
        scenario.write_down();
    }

    /// [`Self::not_shown`] of what some machines have: `lack` is why it cannot be had here, `found` what this one has of it
    /// all the same.
    pub fn not_tried(id: &'static str, title: &'static str, found: Option<&str>, lack: &str) {
        let reason = found.map_or_else(|| lack.to_owned(), |found| format!("{found}, and it was not tried"));
        Self::not_shown(id, title, &reason);
    }

    /// A number with its bound.
    pub fn number(&mut self, what: &str, figure: f64, unit: Unit, bound: Bound) {
        let mut measured = unit.shown(figure);
        if let Bound::Near { reference, .. } = bound {
            let off = 100.0 * (figure / reference - 1.0);
            measured = format!("{measured} beside {} ({off:+.3} %)", unit.shown(reference));
        }
        self.figures.push(Figure {
            what: what.to_owned(),
            measured,
            bound: bound.shown(unit),
            holds: bound.holds(figure),
        });
    }

    /// [`Self::number`] for a counter.
    pub fn counter(&mut self, what: &str, counter: u64, unit: Unit, bound: Bound) {
        self.number(what, crate::figures::as_f64(counter), unit, bound);
    }

    /// Words that have to be these.
    pub fn text(&mut self, what: &str, measured: &str, wanted: &str) {
        self.figures.push(Figure {
            what: what.to_owned(),
            measured: measured.to_owned(),
            bound: wanted.to_owned(),
            holds: measured == wanted,
        });
    }

    /// Words that have to contain these.
    pub fn says(&mut self, what: &str, measured: &str, part: &str) {
        self.figures.push(Figure {
            what: what.to_owned(),
            measured: measured.to_owned(),
            bound: format!("names \u{201c}{part}\u{201d}"),
            holds: measured.contains(part),
        });
    }

    /// Writes it down, then fails unless every figure lies where it has to.
    #[track_caller]
    pub fn finish(self) {
        assert!(!self.figures.is_empty(), "scenario {} measured nothing", self.id);
        self.write_down();
        let off: Vec<_> = self.figures.iter().filter(|figure| !figure.holds).collect();
        assert!(
            off.is_empty(),
            "scenario {} ({}) is out of bounds: {off:#?}",
            self.id,
            self.title
        );
    }

    fn write_down(&self) {
        let record = serde_json::to_string(self).expect("a record is plain text");
        println!("{record}");
        if let Some(dir) = std::env::var_os(RECORDS_DIR) {
            let path = PathBuf::from(dir).join(format!("{}.json", self.id));
            assert!(!path.exists(), "two scenarios are called {}", self.id);
            fs::write(&path, record).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        }
    }
}

impl Unit {
    fn shown(self, figure: f64) -> String {
        match self {
            Self::Bytes => format!("{} B", grouped(figure)),
            Self::Count => grouped(figure),
            Self::Seconds => format!("{figure:.3} s"),
            Self::Percent => format!("{figure:.2} %"),
            Self::Ns => format!("{figure:.0} ns"),
        }
    }
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            #[expect(clippy::float_cmp, reason = "exact means exact: counters are whole numbers")]
            Self::Exactly(wanted) => figure == wanted,
            Self::Between(low, high) => (low..=high).contains(&figure),
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
            Self::Near {
                reference,
                percent,
                slack,
            } => (figure - reference).abs() <= reference.abs() * percent / 100.0 + slack,
            Self::Told => true,
        }
    }

    fn shown(self, unit: Unit) -> String {
        match self {
            Self::Exactly(wanted) => unit.shown(wanted),
            Self::Between(low, high) => format!("{} to {}", unit.shown(low), unit.shown(high)),
            Self::AtMost(most) => format!("at most {}", unit.shown(most)),
            Self::AtLeast(least) => format!("at least {}", unit.shown(least)),
            Self::Near {
                percent: 0.0,
                slack: 0.0,
                ..
            } => "the same".to_owned(),
            Self::Near {
                percent: 0.0, slack, ..
            } => format!("within {}", unit.shown(slack)),
            Self::Near { percent, slack, .. } if slack > 0.0 => {
                format!("within {percent} % + {}", unit.shown(slack))
            }
            Self::Near { percent, .. } => format!("within {percent} %"),
            Self::Told => "told, not bounded".to_owned(),
        }
    }
}

/// A whole number with commas between its thousands.
fn grouped(figure: f64) -> String {
    let digits = format!("{:.0}", figure.abs());
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if figure < 0.0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_shown_with_its_unit_and_its_bound() {
        let mut scenario = Scenario::new("5", "datagrams");
        scenario.counter("sent", 10_280_000, Unit::Bytes, Bound::Exactly(10_280_000.0));
        let near = Bound::Near {
            reference: 200.0,
            percent: 1.0,
            slack: 0.5,
        };
        scenario.number("cpu", 203.0, Unit::Percent, near);
        let [sent, cpu] = &scenario.figures[..] else {
            panic!("{:?}", scenario.figures)
        };
        assert_eq!((sent.measured.as_str(), sent.holds), ("10,280,000 B", true));
        assert_eq!(cpu.measured, "203.00 % beside 200.00 % (+1.500 %)");
        assert_eq!((cpu.bound.as_str(), cpu.holds), ("within 1 % + 0.50 %", false));
    }

    #[test]
    fn each_bound_has_an_inside_and_an_outside() {
        let near = Bound::Near {
            reference: 100.0,
            percent: 1.0,
            slack: 0.0,
        };
        for (bound, inside, outside) in [
            (Bound::Exactly(3.0), 3.0, 4.0),
            (Bound::Between(1.0, 2.0), 2.0, 2.1),
            (Bound::AtMost(1.0), 1.0, 1.1),
            (Bound::AtLeast(1.0), 1.0, 0.9),
            (near, 99.0, 98.9),
        ] {
            assert!(bound.holds(inside), "{bound:?}");
            assert!(!bound.holds(outside), "{bound:?}");
        }
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn a_scenario_with_a_figure_out_of_bounds_fails() {
        let mut scenario = Scenario::new("0", "nothing");
        scenario.text("source", "docker", "ebpf");
        scenario.finish();
    }
}
