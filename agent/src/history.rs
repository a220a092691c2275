//! What containers and the node used in the last five minutes, hour and day, in memory that is bounded.
//!
//! The sampler adds a point each tick; callers read. A container has 300 points a second apart, 360 ten seconds apart and
//! 1,440 a minute apart, each the mean of what was sampled in its step: 19 KB when all are there. Those that have ended are
//! kept while Docker has them, the last hundred. Nothing is written anywhere: a new agent begins anew.

mod point;
mod ring;
mod window;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::containers::{ContainerId, ContainerTable};
use point::{Coarse, Fine};
use ring::Ring;

pub use point::{Metric, Point};
pub use ring::Points;
pub use window::{Spread, Summary};

/// Containers that do not run and whose points are kept: somebody wants to know what went before the end.
const MOST_ENDED: usize = 100;

/// Steps of the three rings, in seconds, and how many.
const FINE: (u64, usize) = (1, 300);
const MIDDLE: (u64, usize) = (10, 360);
const LONG: (u64, usize) = (60, 1440);

/// How much of the past a plot shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// A point a second.
    FiveMinutes,
    /// A point every ten seconds.
    Hour,
    /// A point a minute.
    Day,
}

/// A moment on the sampler's clock and on everybody's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Since the agent started, in ns; it does not go back.
    pub at_ns: u64,
    /// Since 1970, in ns.
    pub wall_ns: u64,
}

/// Points of one container, or of the node.
#[derive(Debug)]
struct Series {
    fine: Ring<Fine>,
    middle: Ring<Coarse>,
    long: Ring<Coarse>,
    last_ns: u64,
}

/// The past, shared by the sampler, which adds to it, and those who ask.
#[derive(Debug)]
pub struct History {
    interval: Duration,
    now: Mutex<Moment>,
    node: Mutex<Series>,
    containers: Mutex<HashMap<ContainerId, Arc<Mutex<Series>>>>,
}

impl History {
    /// Nothing yet. Where samples are further apart than a ring's points, so are its points.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            now: Mutex::default(),
            node: Mutex::new(Series::new(interval)),
            containers: Mutex::default(),
        }
    }

    /// Adds what was sampled at one tick.
    pub fn add(&self, now: Moment, node: Point, containers: impl Iterator<Item = (ContainerId, Point)>) {
        *lock(&self.now) = now;
        lock(&self.node).add(now.at_ns, &node);
        let mut known = lock(&self.containers);
        for (id, point) in containers {
            let series = known
                .entry(id)
                .or_insert_with(|| Arc::new(Mutex::new(Series::new(self.interval))));
            lock(series).add(now.at_ns, &point);
        }
    }

    /// Forgets what Docker does not know any more, and the longest ended of too many.
    pub fn forget(&self, table: &ContainerTable) {
        let mut known = lock(&self.containers);
        known.retain(|id, _| table.by_id.contains_key(id));
        let is_running = |id| table.by_id.get(id).is_some_and(|container| container.is_running());
        let ended = known.iter().filter(|(id, _)| !is_running(id));
        let mut ended: Vec<_> = ended.map(|(id, series)| (lock(series).last_ns, *id)).collect();
        if let Some(too_many) = ended.len().checked_sub(MOST_ENDED) {
            ended.sort_unstable_by_key(|(last_ns, _)| *last_ns);
            for (_, id) in ended.iter().take(too_many) {
                known.remove(id);
            }
        }
    }

    /// The node's points; `first_ns` of them is since 1970.
    pub fn node(&self, span: Span) -> Option<Points> {
        let now = *lock(&self.now);
        lock(&self.node).last(now, span)
    }

    /// A container's points; `first_ns` of them is since 1970.
    pub fn container(&self, id: ContainerId, span: Span) -> Option<Points> {
        let now = *lock(&self.now);
        let series = lock(&self.containers).get(&id).cloned()?;
        lock(&series).last(now, span)
    }

    /// What each container's last `window` comes to; of those that were measured in it.
    pub fn summaries(&self, window: Duration) -> HashMap<ContainerId, Summary> {
        let now = *lock(&self.now);
        let all: Vec<_> = {
            let known = lock(&self.containers);
            known.iter().map(|(id, series)| (*id, Arc::clone(series))).collect()
        };
        let summary = |(id, series): (ContainerId, Arc<Mutex<Series>>)| {
            let points = lock(&series).fine.last_within(now.at_ns, window)?;
            Some((id, Summary::of(&points.points)))
        };
        all.into_iter().filter_map(summary).collect()
    }

    /// Bytes that all points take.
    pub fn bytes(&self) -> usize {
        let known = lock(&self.containers);
        let of_containers: usize = known.values().map(|series| lock(series).bytes()).sum();
        of_containers + lock(&self.node).bytes()
    }
}

impl Series {
    fn new(interval: Duration) -> Self {
        let step_ns = |seconds| nanoseconds(Duration::from_secs(seconds).max(interval));
        Self {
            fine: Ring::new(step_ns(FINE.0), FINE.1),
            middle: Ring::new(step_ns(MIDDLE.0), MIDDLE.1),
            long: Ring::new(step_ns(LONG.0), LONG.1),
            last_ns: 0,
        }
    }

    fn add(&mut self, at_ns: u64, point: &Point) {
        self.fine.add(at_ns, point);
        self.middle.add(at_ns, point);
        self.long.add(at_ns, point);
        self.last_ns = at_ns;
    }

    fn last(&self, now: Moment, span: Span) -> Option<Points> {
        let window = span.duration();
        let mut points = match span {
            Span::FiveMinutes => self.fine.last_within(now.at_ns, window),
            Span::Hour => self.middle.last_within(now.at_ns, window),
            Span::Day => self.long.last_within(now.at_ns, window),
        }?;
        // the present's wall clock, also for what was before somebody set it
        points.first_ns = (now.wall_ns + points.first_ns).saturating_sub(now.at_ns);
        Some(points)
    }

    fn bytes(&self) -> usize {
        self.fine.bytes() + self.middle.bytes() + self.long.bytes()
    }
}

impl Span {
    /// How long it is.
    pub fn duration(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_mins(5),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Whoever panicked while it added a point has left at worst one point too few.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
