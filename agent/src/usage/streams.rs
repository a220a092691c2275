//! Docker's stats as a source: one stream a container that needs it, closed with it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Reading, Source, StreamMemory};
use crate::{
    containers::ContainerId,
    docker::{Engine, stats::StatsFrame},
    rates::{Counters, NetCounters, Sample},
};

/// Docker sends a frame about once a second; one older than this tells nothing about now.
const FRAME_AGE: Duration = Duration::from_secs(5);
/// No stream goes back so far by itself.
const CLOCK_SET_BACK_NS: u64 = 5_000_000_000;
/// A stream that sends nothing for this long is opened anew: an engine that was stopped and went on may have
/// forgotten it.
const SILENCE: Duration = Duration::from_secs(10);
/// First and longest wait before a stream that broke is opened again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// The last two frames of one container.
#[derive(Debug, Default)]
struct Frames {
    now: Option<(StatsFrame, Instant)>,
    before: Option<StatsFrame>,
}

/// An open stream; dropping it closes the stream.
#[derive(Debug)]
struct OpenStream {
    frames: Arc<Mutex<Frames>>,
    _closes_when_dropped: DropGuard,
}

/// The streams of all containers that are followed.
#[derive(Debug)]
pub struct StatsStreams {
    engine: Arc<Engine>,
    open: HashMap<ContainerId, OpenStream>,
    /// Owns the tasks: they end with it.
    tasks: JoinSet<()>,
}

impl StatsStreams {
    /// No stream is open yet.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            open: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Opens the streams that are missing and closes those that nobody wants. Runs within the runtime.
    pub fn follow(&mut self, wanted: impl Iterator<Item = ContainerId>) {
        let wanted: HashSet<ContainerId> = wanted.collect();
        self.open.retain(|id, _| wanted.contains(id));
        for id in wanted {
            if self.open.contains_key(&id) {
                continue;
            }
            let frames = Arc::new(Mutex::new(Frames::default()));
            let stop = CancellationToken::new();
            let (engine, slot, stopped) = (Arc::clone(&self.engine), Arc::clone(&frames), stop.clone());
            self.tasks.spawn(async move {
                stopped.run_until_cancelled(keep_reading(&engine, id, &slot)).await;
            });
            self.open.insert(
                id,
                OpenStream {
                    frames,
                    _closes_when_dropped: stop.drop_guard(),
                },
            );
        }
        // Takes away tasks that have ended.
        while self.tasks.try_join_next().is_some() {}
    }

    /// The last two frames of a container as a reading; `None` before the first, or if the last is old.
    pub fn reading(&self, id: ContainerId) -> Option<Reading> {
        let frames = self
            .open
            .get(&id)?
            .frames
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (now, received) = frames.now?;
        if received.elapsed() > FRAME_AGE {
            return None;
        }
        Some(Reading {
            source: Source::Docker,
            now: sample(&now),
            before: frames.before.as_ref().map(sample),
            memory: now.memory_bytes.map(|used_bytes| StreamMemory {
                used_bytes,
                limit_bytes: now.memory_limit_bytes,
            }),
        })
    }
}

async fn keep_reading(engine: &Engine, id: ContainerId, slot: &Mutex<Frames>) {
    let mut wait = BACK_OFF.0;
    loop {
        if let Ok(stream) = engine.stats(id) {
            let mut stream = std::pin::pin!(stream);
            while let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE, stream.next()).await {
                wait = BACK_OFF.0;
                slot.lock().unwrap_or_else(PoisonError::into_inner).take_in(frame);
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(BACK_OFF.1);
    }
}

impl Frames {
    /// A frame that the engine read no later than the last one is the same one again; one of long before tells that the clock was set
    /// back, and nothing together with the last.
    fn take_in(&mut self, frame: StatsFrame) {
        match self.now {
            Some((last, _)) if frame.read_ns.saturating_add(CLOCK_SET_BACK_NS) < last.read_ns => {
                self.before = None;
                self.now = Some((frame, Instant::now()));
            }
            Some((last, _)) if frame.read_ns <= last.read_ns => {}
            Some((last, _)) => {
                self.before = Some(last);
                self.now = Some((frame, Instant::now()));
            }
            None => self.now = Some((frame, Instant::now())),
        }
    }
}

fn sample(frame: &StatsFrame) -> Sample {
    Sample {
        clock_ns: frame.read_ns,
        wall_ns: frame.read_ns,
        counters: Counters {
            cpu_ns: frame.cpu_ns,
            net: frame.net.map(|net| NetCounters {
                rx_bytes: net.rx_bytes,
                tx_bytes: net.tx_bytes,
                rx_packets: net.rx_packets,
                tx_packets: net.tx_packets,
                detail: None,
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(read_ns: u64, cpu_ns: u64) -> StatsFrame {
        StatsFrame {
            read_ns,
            cpu_ns,
            net: None,
            memory_bytes: None,
            memory_limit_bytes: None,
        }
    }

    #[test]
    fn a_frame_told_twice_does_not_hide_the_one_before() {
        let mut frames = Frames::default();
        for (read_ns, cpu_ns) in [(1, 10), (2, 20), (2, 20), (1, 10)] {
            frames.take_in(frame(read_ns, cpu_ns));
        }
        assert_eq!(frames.before.unwrap().cpu_ns, 10);
        assert_eq!(frames.now.unwrap().0.cpu_ns, 20);
    }

    #[test]
    fn frames_are_taken_in_when_the_clock_was_set_back() {
        let mut frames = Frames::default();
        let hour = 3_600_000_000_000;
        for (read_ns, cpu_ns) in [(hour, 10), (hour + 1, 20), (5, 30), (6, 40)] {
            frames.take_in(frame(read_ns, cpu_ns));
        }
        assert_eq!(frames.before.unwrap().cpu_ns, 30);
        assert_eq!(frames.now.unwrap().0.cpu_ns, 40);
        let mut frames = Frames::default();
        for read_ns in [hour, hour + 1, 5] {
            frames.take_in(frame(read_ns, 0));
        }
        assert!(frames.before.is_none(), "no rate over a step of the clock");
    }
}
