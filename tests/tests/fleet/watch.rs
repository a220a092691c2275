//! What a scheduler sees of each node while the agents are replaced.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use agent_tests::sample::Sample;

use crate::client::Client;
use crate::scheduler::Placed;
use crate::swarm::Swarm;

/// A scheduler in a hurry.
const ASKS_EVERY: Duration = Duration::from_millis(200);

/// Asks every node that has a container, until it is stopped.
pub(crate) struct Watch {
    threads: Vec<(Sender<()>, JoinHandle<Gap>)>,
}

/// What was told of one node.
#[derive(Debug)]
pub(crate) struct Gap {
    pub(crate) node: String,
    /// Samples, each told once or more.
    pub(crate) samples: u64,
    /// The longest time between two new samples as they were told, or until now.
    pub(crate) longest: Duration,
}

impl Watch {
    #[track_caller]
    pub(crate) fn start(swarm: &Swarm, placed: &[Placed]) -> Self {
        let of_each = swarm.nodes.iter().zip(0..);
        let threads = of_each.filter_map(|(node, number)| {
            let id = placed.iter().find(|placed| placed.node == number)?.id.clone();
            let (name, client) = (node.name.clone(), node.client.clone());
            let (stop, stopped) = mpsc::channel();
            // a thread is born in the namespace of the one that starts it
            Some((stop, thread::spawn(move || watch(name, &client, &id, &stopped))))
        });
        Self {
            threads: threads.collect(),
        }
    }

    #[track_caller]
    pub(crate) fn stop(self) -> Vec<Gap> {
        let (stops, threads): (Vec<_>, Vec<_>) = self.threads.into_iter().unzip();
        drop(stops);
        let joined = threads.into_iter().map(JoinHandle::join);
        joined.map(|gap| gap.expect("it watches")).collect()
    }
}

fn watch(node: String, client: &Client, id: &str, stopped: &Receiver<()>) -> Gap {
    let mut gap = Gap {
        node,
        samples: 0,
        longest: Duration::ZERO,
    };
    let (mut sampled_at_ms, mut told) = (0, Instant::now());
    while stopped.recv_timeout(ASKS_EVERY) == Err(RecvTimeoutError::Timeout) {
        let reply = client.get(&format!("/container/{id}/status"));
        let sample = reply
            .ok()
            .and_then(|reply| serde_json::from_str::<Sample>(&reply.body).ok());
        if let Some(sample) = sample.filter(|sample| sample.sampled_at_ms > sampled_at_ms) {
            sampled_at_ms = sample.sampled_at_ms;
            gap.samples += 1;
            gap.longest = gap.longest.max(told.elapsed());
            told = Instant::now();
        }
    }
    gap.longest = gap.longest.max(told.elapsed());
    gap
}
