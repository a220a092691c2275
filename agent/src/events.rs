//! What happens on the node, for those who follow it: the last two thousand events, numbered.
//!
//! There is one list for all readers, and each has a place in it. Whoever falls behind its oldest loses events and learns how many;
//! nobody waits for anybody. A reader that comes back names the last event it saw, and goes on from there.

mod changes;

use std::{
    collections::VecDeque,
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::containers::Container;

pub use changes::changes;

/// Events that are kept. A snapshot a second and some containers that come and go fill it in half an hour.
const KEPT: usize = 2048;
/// Events that a reader takes at once.
const BATCH: usize = 64;

/// Which start of the agent something is of: numbers begin anew with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunId(u64);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Event {
    /// A new snapshot is there.
    Snapshot {
        /// Its number.
        seq: u64,
        /// When it was made, in ms since 1970.
        sampled_at_ms: u64,
        /// Containers with figures in it.
        containers: usize,
    },
    /// A container started.
    Started(Subject),
    /// A container ended.
    Died(Subject),
    /// The kernel killed a process of it for want of memory.
    Oom(Subject),
    /// A container has another name.
    Renamed {
        /// The container with its new name.
        #[serde(flatten)]
        container: Subject,
        /// The name that it had.
        #[schema(value_type = String)]
        old_name: Box<str>,
    },
}

/// The container that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EventSubject)]
pub struct Subject {
    /// 64 hex digits.
    id: String,
    #[schema(value_type = String)]
    name: Box<str>,
    #[schema(value_type = String)]
    service: Box<str>,
    #[schema(value_type = String)]
    image: Box<str>,
    /// When the agent learned of it, in ms since 1970.
    at_ms: u64,
}

/// An event as readers get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its number, one more than that of the event before.
    pub number: u64,
    /// Its kind, in a word.
    pub kind: &'static str,
    /// The event as JSON: made once, however many read it.
    pub data: Arc<str>,
}

/// All events of one run of the agent.
#[derive(Debug)]
pub struct EventLog {
    run: RunId,
    kept: Mutex<VecDeque<Numbered>>,
    newest: watch::Sender<u64>,
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the event that comes next.
    next: u64,
    /// Events that were lost before it, of another run.
    is_of_another_run: bool,
}

/// What a reader finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What was lost before the first of `events`.
    pub lost: Option<Lost>,
    /// Events in their order.
    pub events: Vec<Numbered>,
}

/// Events that a reader does not get any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LostEvents)]
pub struct Lost {
    /// How many; null where they were of another run of the agent.
    #[schema(required = true)]
    pub events: Option<u64>,
}

impl EventLog {
    /// An empty log.
    pub fn new(run: RunId) -> Self {
        Self {
            run,
            kept: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }

    /// Which run of the agent this is of.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Adds an event, and wakes the readers.
    pub fn push(&self, event: &Event) {
        // plain words and numbers always have a text
        let data = serde_json::to_string(event).unwrap_or_default().into();
        let mut kept = self.kept();
        let number = kept.back().map_or(1, |last| last.number + 1);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Numbered {
            number,
            kind: event.kind(),
            data,
        });
        // still locked: of two who push, the later one's number stays
        self.newest.send_replace(number);
    }

    /// Where a reader begins that has seen the event of this number and run; `None` is one that wants only what is to come.
    pub fn place_after(&self, seen: Option<(RunId, u64)>) -> Place {
        let newest = self.kept().back().map_or(0, |last| last.number);
        match seen {
            None => Place {
                next: newest + 1,
                is_of_another_run: false,
            },
            // A number that is not there yet was never given by this run.
            Some((run, number)) if run == self.run && number <= newest => Place {
                next: number + 1,
                is_of_another_run: false,
            },
            Some(_) => Place {
                next: newest + 1,
                is_of_another_run: true,
            },
        }
    }

    /// The next events at this place, which moves on; waits until there are some.
    pub async fn next(&self, place: &mut Place) -> Batch {
        let mut newest = self.newest.subscribe();
        loop {
            if let Some(batch) = self.take(place) {
                return batch;
            }
            // The sender is the log's own, so that there is no end to wait for.
            let _newer = newest.wait_for(|newest| *newest >= place.next).await;
        }
    }

    fn take(&self, place: &mut Place) -> Option<Batch> {
        let kept = self.kept();
        let oldest = kept.front().map_or(1, |first| first.number);
        let of_another_run = std::mem::take(&mut place.is_of_another_run).then_some(Lost { events: None });
        let behind = oldest.checked_sub(place.next).filter(|lost| *lost > 0);
        let behind = behind.map(|lost| Lost { events: Some(lost) });
        let next = place.next.max(oldest);
        let skipped = usize::try_from(next - oldest).unwrap_or(usize::MAX);
        let events: Vec<_> = kept.iter().skip(skipped).take(BATCH).cloned().collect();
        place.next = next + events.len() as u64;
        let lost = of_another_run.or(behind);
        (lost.is_some() || !events.is_empty()).then_some(Batch { lost, events })
    }

    /// Whoever panicked while it pushed has left the log whole.
    fn kept(&self) -> MutexGuard<'_, VecDeque<Numbered>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Event {
    /// Its kind, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => "snapshot",
            Self::Started(_) => "started",
            Self::Died(_) => "died",
            Self::Oom(_) => "oom",
            Self::Renamed { .. } => "renamed",
        }
    }
}

impl Subject {
    /// What events tell of a container.
    pub fn of(container: &Container, at_ms: u64) -> Self {
        Self {
            id: container.id.to_string(),
            name: container.name.clone(),
            service: container.service.clone(),
            image: container.image.clone(),
            at_ms,
        }
    }
}

impl RunId {
    /// The run that started at this moment, in ns since 1970.
    pub fn started_at(wall_ns: u64) -> Self {
        Self(wall_ns / 1_000_000)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:x}", self.0)
    }
}

impl FromStr for RunId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests;
