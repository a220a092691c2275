//! What is shown, as plain data: keys and replies change it, the screen is drawn of it.

mod detail;

use std::time::{Duration, Instant};

use super::{
    keys::{Action, Mode},
    order::{self, Sort},
};
use crate::client::{
    reply::{Container, Snapshot},
    text,
};
pub(super) use detail::{Detail, Past, Wanted, Window};

/// The longest filter: more does not fit a line.
const LONGEST_FILTER: usize = 100;
/// Figures that are older than this many intervals are called old.
const FRESH_INTERVALS: u32 = 3;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// A snapshot, and when it came.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) snapshot: Snapshot,
    arrived: Instant,
    /// How old it was when it came, where that is known.
    age_then: Duration,
}

/// How it stands between the agent and us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It has not answered yet.
    Waiting,
    /// Its last answer was a snapshot.
    Live,
    /// Its last answer was none, or a refusal.
    Broken { why: Trouble, since: Instant },
}

/// Why there is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Nobody answers. Else the agent does, and has none.
    pub(super) is_away: bool,
    /// In one line.
    pub(super) said: String,
}

/// Something that was heard of the agent.
#[derive(Clone, Debug)]
pub(super) enum Update {
    Snapshot { snapshot: Snapshot, age: Option<Duration> },
    Failed(Trouble),
    Past(Wanted, Past),
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Quit,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) figures: Option<Figures>,
    pub(super) link: Link,
    pub(super) sort: Sort,
    pub(super) filter: String,
    writes_filter: bool,
    /// Id of the container on which the cursor is, and where in the table it was last.
    selected: Option<(String, usize)>,
    pub(super) detail: Option<Detail>,
    pub(super) shows_help: bool,
    /// Rows that the screen has room for.
    pub(super) page: usize,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            figures: None,
            link: Link::Waiting,
            sort: Sort::default(),
            filter: String::new(),
            writes_filter: false,
            selected: None,
            detail: None,
            shows_help: false,
            page: 1,
        }
    }
}

impl Model {
    pub(super) fn mode(&self) -> Mode {
        match (&self.detail, self.shows_help, self.writes_filter) {
            (_, true, _) => Mode::Help,
            (Some(_), ..) => Mode::Detail,
            (None, _, true) => Mode::Filter,
            (None, ..) => Mode::Table,
        }
    }

    /// The rows of the table.
    pub(super) fn rows(&self) -> Vec<&Container> {
        let containers = self
            .figures
            .as_ref()
            .map(|figures| figures.snapshot.containers.as_slice());
        order::rows(containers.unwrap_or_default(), self.sort, &self.filter)
    }

    /// The row on which the cursor is.
    pub(super) fn cursor(&self, rows: &[&Container]) -> Option<usize> {
        let last = rows.len().checked_sub(1)?;
        Some(self.selected.as_ref().map_or(0, |(id, before)| {
            // Where it has gone, the cursor stays where it was.
            rows.iter().position(|row| row.id == *id).unwrap_or(*before).min(last)
        }))
    }

    /// The container that is shown in detail, as far as it still runs.
    pub(super) fn detailed(&self) -> Option<&Container> {
        let detail = self.detail.as_ref()?;
        let containers = &self.figures.as_ref()?.snapshot.containers;
        containers.iter().find(|container| container.id == detail.wanted.id)
    }

    /// How old the figures are, and whether they are called old.
    pub(super) fn age(&self, now: Instant) -> Option<(Duration, bool)> {
        let figures = self.figures.as_ref()?;
        let age = figures.age_then + now.saturating_duration_since(figures.arrived);
        let interval = figures
            .snapshot
            .interval_ms
            .map_or(DEFAULT_INTERVAL, Duration::from_millis);
        // a snapshot is as old as a second before its successor is heard of
        let most = interval * FRESH_INTERVALS + Duration::from_secs(1);
        Some((age, self.link != Link::Live || age > most))
    }

    /// Takes what was heard of the agent.
    pub(super) fn take(&mut self, update: Update, now: Instant) {
        match update {
            Update::Snapshot { snapshot, age } => {
                self.figures = Some(Figures {
                    snapshot,
                    arrived: now,
                    age_then: age.unwrap_or_default(),
                });
                self.link = Link::Live;
                self.keep_cursor();
            }
            Update::Failed(why) => {
                let since = match &self.link {
                    Link::Broken { since, .. } => *since,
                    Link::Waiting | Link::Live => now,
                };
                let said = text::clean(&why.said);
                self.link = Link::Broken {
                    why: Trouble { said, ..why },
                    since,
                };
            }
            Update::Past(of, past) => {
                // An answer may come after somebody has gone on to another container.
                if let Some(detail) = self.detail.as_mut().filter(|detail| detail.wanted == of) {
                    detail.past = past;
                }
            }
        }
    }

    /// Does what a key asked for.
    pub(super) fn act(&mut self, action: Action) -> Flow {
        match action {
            Action::Quit => return Flow::Quit,
            Action::Up => self.go(|at, _, _| at.saturating_sub(1)),
            Action::Down => self.go(|at, _, _| at + 1),
            Action::PageUp => self.go(|at, page, _| at.saturating_sub(page)),
            Action::PageDown => self.go(|at, page, _| at + page),
            Action::First => self.go(|_, _, _| 0),
            Action::Last => self.go(|_, _, last| last),
            Action::Sort(by) => self.sort = self.sort.asked_for(by),
            Action::Filter => self.writes_filter = true,
            Action::Type(character) => {
                if !character.is_control() && self.filter.chars().count() < LONGEST_FILTER {
                    self.filter.push(character);
                }
            }
            Action::Erase => {
                self.filter.pop();
            }
            Action::Accept => self.writes_filter = false,
            Action::Open => self.open(),
            Action::Window(window) => {
                if let Some(detail) = &mut self.detail {
                    detail.show(window);
                }
            }
            Action::Help => self.shows_help = true,
            Action::Back => self.back(),
        }
        Flow::On
    }

    fn go(&mut self, to: impl Fn(usize, usize, usize) -> usize) {
        let rows = self.rows();
        let (Some(at), Some(last)) = (self.cursor(&rows), rows.len().checked_sub(1)) else {
            return;
        };
        let to = to(at, self.page.max(1), last).min(last);
        self.selected = rows.get(to).map(|row| (row.id.clone(), to));
        if self.detail.is_some() {
            self.open();
        }
    }

    /// The cursor is on a container, and follows it.
    fn keep_cursor(&mut self) {
        if self.selected.is_none() {
            return;
        }
        let rows = self.rows();
        let at = self.cursor(&rows);
        self.selected = at.and_then(|at| Some((rows.get(at)?.id.clone(), at)));
    }

    fn open(&mut self) {
        let rows = self.rows();
        let Some((at, row)) = self.cursor(&rows).and_then(|at| Some((at, *rows.get(at)?))) else {
            return;
        };
        let window = self
            .detail
            .as_ref()
            .map_or(Window::Minutes, |detail| detail.wanted.window);
        let detail = Detail::of(row, window);
        self.selected = Some((row.id.clone(), at));
        if self.detail.as_ref().is_none_or(|shown| shown.wanted != detail.wanted) {
            self.detail = Some(detail);
        }
    }

    fn back(&mut self) {
        if self.shows_help {
            self.shows_help = false;
        } else if self.detail.take().is_none() {
            self.writes_filter = false;
            self.filter.clear();
        }
    }
}

#[cfg(test)]
mod tests;
