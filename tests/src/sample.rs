//! `GET /container/{id}/status` as typed figures, and waiting for the next of them.

mod others_time;

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::agent::Agent;
use crate::wait::wait_until;
use others_time::OthersTime;

/// A container has figures at most 2 intervals after its start; the longest interval in use is 4 s.
const DEADLINE: Duration = Duration::from_secs(15);

/// Bytes a second.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub struct Net {
    /// Received.
    pub rx: f64,
    /// Sent.
    pub tx: f64,
}

/// What was counted since the container started; absent where the source does not measure it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Counters {
    /// Time on a CPU, in ns.
    pub cpu_ns: Option<u64>,
    /// Received, loopback left out.
    pub rx_bytes: Option<u64>,
    /// Sent, loopback left out.
    pub tx_bytes: Option<u64>,
    /// Received, loopback left out.
    pub rx_packets: Option<u64>,
    /// Sent, loopback left out.
    pub tx_packets: Option<u64>,
    /// Received, loopback left out; a super-packet is as many as it was made of.
    pub rx_segments: Option<u64>,
    /// Sent, loopback left out; a super-packet is as many as it will become.
    pub tx_segments: Option<u64>,
    /// Received over loopback.
    pub loopback_rx_bytes: Option<u64>,
    /// Sent over loopback.
    pub loopback_tx_bytes: Option<u64>,
}

impl Counters {
    /// Bytes sent; fails where they are not measured.
    #[track_caller]
    pub fn tx(&self) -> u64 {
        self.tx_bytes.expect("bytes sent are measured")
    }

    /// Bytes received; fails where they are not measured.
    #[track_caller]
    pub fn rx(&self) -> u64 {
        self.rx_bytes.expect("bytes received are measured")
    }

    /// CPU time in ns; fails where it is not measured.
    #[track_caller]
    pub fn cpu(&self) -> u64 {
        self.cpu_ns.expect("CPU time is measured")
    }

    fn network(&self) -> Self {
        Self { cpu_ns: None, ..*self }
    }
}

/// One interval of one container.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Sample {
    /// Percent of one CPU.
    pub cpu: f64,
    /// Bytes in use.
    pub memory: u64,
    /// Bytes left.
    pub free_memory: u64,
    /// Rates of the interval.
    pub net: Net,
    /// `ebpf` or `docker`.
    pub source: String,
    /// Sums since its start.
    pub counters: Counters,
    /// When the interval ended, in ms of Unix time.
    pub sampled_at_ms: u64,
    /// How long the interval was, in ms.
    pub interval_ms: f64,
}

impl Sample {
    /// Zero once it is due.
    fn time_until_next(&self) -> Duration {
        let at = UNIX_EPOCH + Duration::from_millis(self.sampled_at_ms);
        let due = at + Duration::from_secs_f64(self.interval_ms.clamp(0.0, 60_000.0) / 1000.0);
        due.duration_since(SystemTime::now()).unwrap_or_default().min(DEADLINE)
    }
}

impl Agent {
    /// The latest sample of a container, or the status and sentence in its place.
    pub fn try_sample(&self, id: &str) -> Result<Sample, String> {
        let reply = self.try_get(&format!("/container/{id}/status"))?;
        if reply.status != 200 {
            return Err(format!("{} {}", reply.status, reply.body));
        }
        serde_json::from_str(&reply.body).map_err(|error| format!("{error}: {}", reply.body))
    }

    /// The latest sample of a container, waiting for its first.
    #[track_caller]
    pub fn sample(&self, id: &str) -> Sample {
        wait_until(&format!("figures of {id}"), DEADLINE, || self.try_sample(id))
    }

    /// The first sample that is newer than `previous`.
    #[track_caller]
    pub fn sample_after(&self, id: &str, previous: &Sample) -> Sample {
        // asking before it is due would only take CPU time from what is measured
        thread::sleep(previous.time_until_next());
        wait_until(&format!("the next sample of {id}"), DEADLINE, || {
            let sample = self.try_sample(id)?;
            let newer = sample.sampled_at_ms > previous.sampled_at_ms;
            if newer {
                Ok(sample)
            } else {
                Err(format!("still that of {}", previous.sampled_at_ms))
            }
        })
    }

    /// A sample that was taken after this call: what was over before it is in its sums.
    #[track_caller]
    pub fn next_sample(&self, id: &str) -> Sample {
        self.sample_after(id, &self.sample(id))
    }

    /// `count` samples in a row, each of an interval that began after this call.
    #[track_caller]
    pub fn samples(&self, id: &str, count: usize) -> Vec<Sample> {
        // the running interval is partly past, and so is what the first answer tells
        let running = self.next_sample(id);
        let next = |previous: &Sample| Some(self.sample_after(id, previous));
        std::iter::successors(next(&running), next).take(count).collect()
    }

    /// [`Self::samples`] of a container that has these CPUs and no others, each with what others, and a hypervisor, had of
    /// those meanwhile, in percent of one CPU.
    #[track_caller]
    pub fn samples_with_others(&self, id: &str, cpus: &[u32], count: usize) -> Vec<(Sample, f64)> {
        let mut sample = self.next_sample(id);
        let mut next = || {
            let others = OthersTime::start(id, cpus);
            sample = self.sample_after(id, &sample);
            (sample.clone(), others.percent_until_now())
        };
        (0..count).map(|_| next()).collect()
    }

    /// A sample after which nothing more is counted on the network: two in a row tell the same sums.
    #[track_caller]
    pub fn settled_network(&self, id: &str) -> Sample {
        self.settled(id, Counters::network)
    }

    /// [`Self::settled_network`] for CPU time.
    #[track_caller]
    pub fn settled_cpu(&self, id: &str) -> Sample {
        self.settled(id, |counters| Counters {
            cpu_ns: counters.cpu_ns,
            ..Counters::default()
        })
    }

    #[track_caller]
    fn settled(&self, id: &str, part: impl Fn(&Counters) -> Counters) -> Sample {
        let mut previous = self.next_sample(id);
        wait_until(&format!("{id} to settle"), 2 * DEADLINE, || {
            let sample = self.sample_after(id, &previous);
            let same = part(&sample.counters) == part(&previous.counters);
            previous = sample;
            if same {
                Ok(previous.clone())
            } else {
                Err(format!("{:?}", previous.counters))
            }
        })
    }
}
