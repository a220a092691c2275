//! Following Docker: events, lists, inspections, and the times when it is away.
//!
//! One task owns the table. A session with Docker lasts from a list that worked to a failure; between two sessions
//! the task waits, longer each time up to a second, and looks itself whether the containers it knows still live.

mod session;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    container::{Container, RunState},
    id::ContainerId,
    locate::Locator,
    table::{ContainerTable, DockerState},
};
use crate::{
    clock::wall_ns,
    docker::Engine,
    events::{EventLog, changes},
};

/// Refreshes that may wait at once. Callers beyond it wait for a place.
const REFRESH_QUEUE: usize = 64;
/// First and longest wait between two attempts to reach Docker.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// A wish to see one container's present state in the table.
struct Refresh {
    id: ContainerId,
    done: oneshot::Sender<()>,
}

/// What the rest of the agent holds: the table, and the wish to have it fresh.
#[derive(Clone, Debug)]
pub struct Containers {
    table: Arc<ArcSwap<ContainerTable>>,
    refresh: mpsc::Sender<Refresh>,
}

impl std::fmt::Debug for Refresh {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Refresh")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Containers {
    /// The table as it is now.
    pub fn table(&self) -> Arc<ContainerTable> {
        self.table.load_full()
    }

    /// Waits until the table shows what Docker says of this container now, or `deadline` has passed. The agent asks
    /// for it after its own changes, so that its next answers fit them.
    pub async fn refresh(&self, id: ContainerId, deadline: Duration) {
        let (done, seen) = oneshot::channel();
        let asked = async {
            if self.refresh.send(Refresh { id, done }).await.is_ok() {
                // An error means that the session broke; the next one lists everything.
                let _seen = seen.await;
            }
        };
        let _in_time = tokio::time::timeout(deadline, asked).await;
    }
}

/// The task that owns the table.
#[derive(Debug)]
pub struct Watcher {
    engine: Arc<Engine>,
    locator: Locator,
    /// Labels that containers keep.
    labels: Box<[String]>,
    published: Arc<ArcSwap<ContainerTable>>,
    events: Arc<EventLog>,
    refreshes: mpsc::Receiver<Refresh>,
    table: ContainerTable,
}

impl Watcher {
    /// A watcher and the handle to what it knows. Of the labels of containers it keeps these; what happens to them it tells
    /// in `events`.
    pub fn new(
        engine: Arc<Engine>,
        locator: Locator,
        labels: Box<[String]>,
        events: Arc<EventLog>,
    ) -> (Self, Containers) {
        let published = Arc::new(ArcSwap::from_pointee(ContainerTable::default()));
        let (refresh, refreshes) = mpsc::channel(REFRESH_QUEUE);
        let containers = Containers {
            table: Arc::clone(&published),
            refresh,
        };
        (
            Self {
                engine,
                locator,
                labels,
                published,
                events,
                refreshes,
                table: ContainerTable::default(),
            },
            containers,
        )
    }

    /// Follows Docker until the agent stops.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut wait = BACK_OFF.0;
        let mut told = None;
        loop {
            let began = Instant::now();
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                error = session::run(&mut self) => error,
            };
            let was_connected = self.table.docker == DockerState::Connected;
            if was_connected {
                self.table.docker = DockerState::Away;
                self.publish();
            }
            // Said once for each reason, not once for each attempt.
            let reason = ended.to_string();
            if told.as_ref() != Some(&reason) || was_connected {
                tracing::warn!("{reason}; trying again until it answers");
                told = Some(reason);
            }
            wait = if was_connected && began.elapsed() > BACK_OFF.1 {
                BACK_OFF.0
            } else {
                (wait * 2).min(BACK_OFF.1)
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            self.notice_the_dead();
        }
    }

    /// While Docker is away nobody says that a container ended; its process being gone does.
    fn notice_the_dead(&mut self) {
        let dead: Vec<Arc<Container>> = self
            .table
            .running()
            .filter(|container| {
                container
                    .pid
                    .is_some_and(|pid| !self.locator.is_alive(container.id, pid))
            })
            .cloned()
            .collect();
        for container in &dead {
            self.mark_ended(container.id);
        }
        if !dead.is_empty() {
            self.publish();
        }
    }

    fn mark_ended(&mut self, id: ContainerId) {
        if let Some(container) = self.table.by_id.get_mut(&id) {
            let container = Arc::make_mut(container);
            container.state = RunState::NotRunning;
            container.pid = None;
            container.place = None;
        }
    }

    /// A container with those labels only that are to be shown: of the others there may be any number.
    fn shown(&self, mut container: Container) -> Container {
        container.labels.retain(|name, _| self.labels.contains(name));
        container
    }

    fn publish(&mut self) {
        self.table.generation += 1;
        let before = self.published.swap(Arc::new(self.table.clone()));
        for event in changes(&before, &self.table, wall_ns() / 1_000_000) {
            self.events.push(&event);
        }
    }
}
