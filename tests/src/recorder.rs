//! A counter of the kernel, read so often that it is known at every instant between: what a sample should say, however
//! busy the machine is with other things.

use std::ops::RangeInclusive;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::machine::wall_ns;
use crate::sample::Sample;

/// How often the counter is read.
const EVERY: Duration = Duration::from_millis(5);
/// A sample tells its end to the millisecond, and takes one to read all counters.
const SKEW_NS: u64 = 2_000_000;

/// Reads a counter in a thread of its own until it is stopped.
#[derive(Debug)]
pub struct Recorder {
    stop: Sender<()>,
    thread: JoinHandle<Record>,
}

impl Recorder {
    /// The counter has been read once when this returns.
    #[track_caller]
    pub fn start(mut read: impl FnMut() -> u64 + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        let mut record = Record::default();
        record.add(&mut read);
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                record.add(&mut read);
            }
            record.add(&mut read);
            record
        });
        Self { stop, thread }
    }

    /// All that was read.
    #[track_caller]
    pub fn stop(self) -> Record {
        drop(self.stop);
        self.thread.join().expect("the counter can be read")
    }
}

/// Readings of a counter that only grows, in the order of time.
#[derive(Debug, Default)]
pub struct Record(Vec<Reading>);

/// The counter had this value at some instant between the two, in ns of Unix time.
#[derive(Debug)]
struct Reading {
    from_ns: u64,
    value: u64,
    to_ns: u64,
}

impl Record {
    fn add(&mut self, read: &mut impl FnMut() -> u64) {
        let from_ns = wall_ns();
        let value = read();
        self.0.push(Reading {
            from_ns,
            value,
            to_ns: wall_ns(),
        });
    }

    /// The least and the most by which the counter can have grown in the interval of a sample; `None` where it was not
    /// read before and after.
    #[must_use]
    pub fn growth_in(&self, sample: &Sample) -> Option<RangeInclusive<u64>> {
        let end_ns = sample.sampled_at_ms * 1_000_000;
        let length = Duration::try_from_secs_f64(sample.interval_ms / 1000.0).ok()?;
        let start_ns = end_ns.checked_sub(u64::try_from(length.as_nanos()).ok()?)?;
        let (start, end) = (self.value_at(start_ns)?, self.value_at(end_ns)?);
        let least = end.start().saturating_sub(*start.end());
        Some(least..=end.end() - start.start())
    }

    fn value_at(&self, at_ns: u64) -> Option<RangeInclusive<u64>> {
        let readings = &self.0;
        let before = readings.iter().rev().find(|reading| reading.to_ns + SKEW_NS <= at_ns)?;
        let after = readings.iter().find(|reading| reading.from_ns >= at_ns + SKEW_NS)?;
        Some(before.value..=after.value)
    }
}

/// By how much a figure lies outside of a range.
#[must_use]
pub fn distance(figure: f64, range: &RangeInclusive<f64>) -> f64 {
    (range.start() - figure).max(figure - range.end()).max(0.0)
}
