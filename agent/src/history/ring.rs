//! Points at one distance, the oldest forgotten. Pure: time is told to it.

use std::{collections::VecDeque, time::Duration};

use super::point::{Kept, Metric, Point};

/// Room is taken for so many points at once: a container that lives for a minute has no room for a day.
const ROOM: usize = 60;

/// The points of one series, one for each step of time.
#[derive(Debug)]
pub(super) struct Ring<P> {
    step_ns: u64,
    most: usize,
    /// Number of the oldest point's step.
    first: u64,
    points: VecDeque<P>,
    open: Open,
}

/// The step that is not over yet.
#[derive(Debug, Default)]
struct Open {
    step: u64,
    sums: [f64; Metric::ALL.len()],
    counts: [u32; Metric::ALL.len()],
}

/// Points in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// The time between two, in ns.
    pub step_ns: u64,
    /// When the first was, in ns on the clock of the series.
    pub first_ns: u64,
    /// The points; the last may be of a step that is not over.
    pub points: Vec<Point>,
}

impl<P: Kept> Ring<P> {
    pub(super) fn new(step_ns: u64, most: usize) -> Self {
        Self {
            step_ns: step_ns.max(1),
            most,
            first: 0,
            points: VecDeque::new(),
            open: Open::default(),
        }
    }

    /// Takes a sample into the mean of its step. Time does not go back.
    pub(super) fn add(&mut self, at_ns: u64, sample: &Point) {
        let step = self.step_at(at_ns);
        if step != self.open.step {
            self.close();
            self.open = Open {
                step,
                ..Open::default()
            };
        }
        for (index, value) in sample.0.iter().enumerate() {
            if let Some(value) = value {
                self.open.sums[index] += f64::from(*value);
                self.open.counts[index] += 1;
            }
        }
    }

    /// The points of the last `steps` steps up to that of `now_ns`; those of steps without samples tell nothing. None where
    /// the series has none in that time.
    pub(super) fn last(&self, now_ns: u64, steps: usize) -> Option<Points> {
        let newest = self.step_at(now_ns);
        let oldest = (newest + 1).saturating_sub(steps as u64);
        let skipped = usize::try_from(oldest.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let closed = self.points.iter().zip(self.first..).skip(skipped);
        let closed = closed.map(|(point, step)| (point.told(), step));
        let open = self.open.point().map(|point| (point, self.open.step));
        let open = open.filter(|(_, step)| (oldest..=newest).contains(step));
        let mut points = Vec::new();
        let mut first = None;
        for (point, step) in closed.chain(open) {
            let first = *first.get_or_insert(step);
            // the open step may lie some steps after the last that is over
            points.resize(usize::try_from(step - first).ok()?, Point::NOTHING);
            points.push(point);
        }
        Some(Points {
            step_ns: self.step_ns,
            first_ns: first? * self.step_ns,
            points,
        })
    }

    /// The points of a time that ends now; one at least.
    pub(super) fn last_within(&self, now_ns: u64, window: Duration) -> Option<Points> {
        let steps = window.as_nanos() / u128::from(self.step_ns);
        self.last(now_ns, usize::try_from(steps).unwrap_or(usize::MAX).max(1))
    }

    /// Bytes that the points take.
    pub(super) fn bytes(&self) -> usize {
        self.points.capacity() * size_of::<P>()
    }

    /// A sample belongs to the nearest step: one that is a little early or late is not in its neighbour's.
    fn step_at(&self, at_ns: u64) -> u64 {
        (at_ns + self.step_ns / 2) / self.step_ns
    }

    fn close(&mut self) {
        let Some(point) = self.open.point() else { return };
        let step = self.open.step;
        let next = self.first + self.points.len() as u64;
        if self.points.is_empty() || step.saturating_sub(next) >= self.most as u64 {
            self.points.clear();
            self.first = step;
        } else {
            for _ in next..step {
                self.push(Point::NOTHING);
            }
        }
        self.push(point);
    }

    fn push(&mut self, point: Point) {
        if self.points.len() == self.most {
            self.points.pop_front();
            self.first += 1;
        }
        if self.points.len() == self.points.capacity() {
            self.points.reserve_exact(ROOM.min(self.most - self.points.len()));
        }
        self.points.push_back(P::keep(point));
    }
}

impl Open {
    /// The mean of what it took; `None` if it took nothing at all.
    #[expect(clippy::cast_possible_truncation, reason = "a figure of a plot needs no more")]
    fn point(&self) -> Option<Point> {
        let mut point = Point::NOTHING;
        for (index, count) in self.counts.iter().enumerate() {
            if *count > 0 {
                point.0[index] = Some((self.sums[index] / f64::from(*count)) as f32);
            }
        }
        (point != Point::NOTHING).then_some(point)
    }
}

#[cfg(test)]
mod tests;
