//! One container and its past.

use std::time::Duration;

use crate::client::{
    reply::{Container, History},
    text,
};

/// How far back is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::top) enum Window {
    Minutes,
    Hour,
    Day,
}

impl Window {
    pub(in crate::top) const ALL: [Self; 3] = [Self::Minutes, Self::Hour, Self::Day];

    /// As the route takes it.
    pub(in crate::top) fn name(self) -> &'static str {
        match self {
            Self::Minutes => "5m",
            Self::Hour => "1h",
            Self::Day => "24h",
        }
    }

    pub(in crate::top) fn length(self) -> Duration {
        match self {
            Self::Minutes => Duration::from_mins(5),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// How often it is asked for anew: no point is more than a few columns of a screen late.
    pub(in crate::top) fn refresh(self) -> Duration {
        match self {
            Self::Minutes => Duration::from_secs(2),
            Self::Hour => Duration::from_secs(10),
            Self::Day => Duration::from_mins(1),
        }
    }
}

/// Which past is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) struct Wanted {
    pub(in crate::top) id: String,
    pub(in crate::top) window: Window,
}

/// What is known of it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) enum Past {
    Asked,
    Known(History),
    /// Why it is not, in one line.
    Unknown(String),
}

#[derive(Clone, Debug)]
pub(in crate::top) struct Detail {
    pub(in crate::top) wanted: Wanted,
    /// As it stood in the table: the container may be gone.
    pub(in crate::top) name: String,
    pub(in crate::top) past: Past,
}

impl Detail {
    pub(super) fn of(container: &Container, window: Window) -> Self {
        Self {
            wanted: Wanted {
                id: container.id.clone(),
                window,
            },
            name: text::clean(&container.name),
            past: Past::Asked,
        }
    }

    pub(super) fn show(&mut self, window: Window) {
        if self.wanted.window != window {
            self.wanted.window = window;
            self.past = Past::Asked;
        }
    }
}
