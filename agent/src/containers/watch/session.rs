//! One session with Docker: from a list that worked to the first sign that it is away.

mod queue;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::oneshot;

use super::{Refresh, Watcher};
use crate::{
    clock::wall_ns,
    containers::{
        container::{Container, Place},
        id::ContainerId,
        locate::Locator,
        table::DockerState,
    },
    docker::{
        DockerError, Engine,
        events::{ContainerAction, ContainerEvent},
        inspect::Inspection,
        list::{ListEntry, ListScope},
    },
    events::{Event, Subject},
};
use queue::InspectionQueue;

/// Everything is listed again after this time, in case an event was missed.
const RESYNC: Duration = Duration::from_mins(1);
/// A stream that says nothing for this long is tested with a ping, and so is an engine that does not describe a container in time.
const SILENCE: Duration = Duration::from_secs(5);
/// How long that ping may take.
const PING_DEADLINE: Duration = Duration::from_secs(3);
/// The stream of events begins this long before the list, so that nothing is lost between the two. An event told
/// twice only has a container looked at twice.
const OVERLAP_NS: u64 = 1_000_000_000;

type InspectionOutcome = (ContainerId, Result<Inspection, DockerError>);

/// What a session keeps besides the table.
struct Session {
    engine: Arc<Engine>,
    queue: InspectionQueue,
    /// Who waits for a container's inspection.
    wishes: HashMap<ContainerId, Vec<oneshot::Sender<()>>>,
    running: FuturesUnordered<BoxFuture<'static, InspectionOutcome>>,
    /// Nothing of this session is published yet: not everything that runs has been looked at.
    starting: bool,
}

/// Runs until Docker goes away and returns why.
pub(super) async fn run(watcher: &mut Watcher) -> DockerError {
    let engine = Arc::clone(&watcher.engine);
    let mut session = Session::new(Arc::clone(&engine));
    let since_ns = wall_ns().saturating_sub(OVERLAP_NS);
    match engine.list(ListScope::All).await {
        Ok(entries) => session.reconcile(watcher, &entries),
        Err(error) => return error,
    }
    let events = match engine.events(since_ns) {
        Ok(events) => events,
        Err(error) => return error,
    };
    let mut events = std::pin::pin!(events);
    let mut resync = tokio::time::interval_at((Instant::now() + RESYNC).into(), RESYNC);
    resync.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ping_at = Instant::now() + SILENCE;
    let mut check: Option<BoxFuture<'static, Result<(), DockerError>>> = None;
    let mut listing: Option<BoxFuture<'static, Result<Vec<ListEntry>, DockerError>>> = None;
    loop {
        session.fill();
        session.publish_if_settled(watcher);
        let next_retry = session.queue.next_retry();
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => {
                    ping_at = Instant::now() + SILENCE;
                    session.on_event(watcher, &event);
                }
                Some(Err(error)) => return error,
                None => return engine.gone("its stream of events ended"),
            },
            Some((id, outcome)) = session.running.next(), if !session.running.is_empty() => {
                if matches!(outcome, Err(DockerError::Timeout { .. })) {
                    // Is it this container, or the engine?
                    ping_at = Instant::now();
                }
                if let Err(error) = session.on_inspected(watcher, id, outcome) {
                    return error;
                }
            }
            Some(refresh) = watcher.refreshes.recv() => session.on_refresh(refresh),
            () = sleep_until(next_retry), if next_retry.is_some() => session.queue.want_due(Instant::now()),
            _ = resync.tick(), if listing.is_none() => {
                let engine = Arc::clone(&engine);
                listing = Some(async move { engine.list(ListScope::All).await }.boxed());
            }
            listed = pending_or(&mut listing), if listing.is_some() => {
                listing = None;
                match listed {
                    Ok(entries) => session.reconcile(watcher, &entries),
                    Err(error) => return error,
                }
            }
            () = sleep_until(Some(ping_at)), if check.is_none() => {
                let engine = Arc::clone(&engine);
                check = Some(async move { engine.ping(PING_DEADLINE).await }.boxed());
            }
            answered = pending_or(&mut check), if check.is_some() => {
                check = None;
                match answered {
                    Ok(()) => ping_at = Instant::now() + SILENCE,
                    Err(error) => return error,
                }
            }
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

async fn pending_or<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

impl Session {
    fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            queue: InspectionQueue::default(),
            wishes: HashMap::new(),
            running: FuturesUnordered::new(),
            starting: true,
        }
    }

    /// Brings the table in line with a list. Only what the list cannot answer is inspected.
    fn reconcile(&mut self, watcher: &mut Watcher, entries: &[ListEntry]) {
        let listed: HashSet<ContainerId> = entries.iter().map(|entry| entry.facts.id).collect();
        let unlisted: Vec<ContainerId> = watcher
            .table
            .by_id
            .keys()
            .filter(|id| !listed.contains(id))
            .copied()
            .collect();
        for id in unlisted {
            if self.starting {
                watcher.table.forget(id);
            } else {
                // It may be younger than the list.
                self.queue.want(id);
            }
        }
        for entry in entries {
            let fresh = watcher.shown(Container::from_list(&entry.facts));
            let known = watcher.table.by_id.get(&fresh.id);
            if known.is_some_and(|known| is_settled(known, &fresh, &watcher.locator)) {
                continue;
            }
            // A list tells less of a running container than an inspection, and may be older than an event.
            if fresh.is_running() || !self.starting {
                self.queue.want(fresh.id);
            }
            if known.is_none() || !fresh.is_running() {
                watcher.table.by_id.insert(fresh.id, Arc::new(fresh));
            }
        }
        watcher.table.docker = DockerState::Connected;
        self.publish(watcher);
    }

    /// The first table of a session is published when everything that runs has been looked at, so that nobody
    /// finds a container in it that has no cgroup yet.
    fn publish_if_settled(&mut self, watcher: &mut Watcher) {
        if self.starting && self.queue.is_idle() {
            self.starting = false;
            watcher.publish();
        }
    }

    fn publish(&self, watcher: &mut Watcher) {
        if !self.starting {
            watcher.publish();
        }
    }

    fn on_event(&mut self, watcher: &mut Watcher, event: &ContainerEvent) {
        tracing::debug!(container = %event.id, action = ?event.action, "event");
        match event.action {
            ContainerAction::Destroyed => {
                self.queue.forget(event.id);
                watcher.table.forget(event.id);
                self.publish(watcher);
                self.grant(event.id);
            }
            ContainerAction::Died => {
                let started_ns = watcher
                    .table
                    .by_id
                    .get(&event.id)
                    .and_then(|container| container.started_ns);
                // An old event of a container that has started again since says nothing of this run.
                if event.at_ns.is_none() || event.at_ns >= started_ns {
                    watcher.mark_ended(event.id);
                    self.publish(watcher);
                }
                // It may be about to start again: only an inspection tells.
                self.queue.want(event.id);
            }
            ContainerAction::OutOfMemory => {
                if let Some(container) = watcher.table.by_id.get(&event.id)
                    && watcher.table.oom_kills.entry(event.id).or_default().add(event.at_ns)
                {
                    let at_ms = event.at_ns.unwrap_or_else(wall_ns) / 1_000_000;
                    watcher.events.push(&Event::Oom(Subject::of(container, at_ms)));
                    self.publish(watcher);
                }
            }
            ContainerAction::Changed => self.queue.want(event.id),
        }
    }

    fn on_refresh(&mut self, refresh: Refresh) {
        self.queue.want(refresh.id);
        self.wishes.entry(refresh.id).or_default().push(refresh.done);
    }

    fn fill(&mut self) {
        while let Some(id) = self.queue.next() {
            let engine = Arc::clone(&self.engine);
            self.running.push(async move { (id, engine.inspect(id).await) }.boxed());
        }
    }

    fn on_inspected(
        &mut self,
        watcher: &mut Watcher,
        id: ContainerId,
        outcome: Result<Inspection, DockerError>,
    ) -> Result<(), DockerError> {
        if !self.queue.is_current(id) {
            // It describes a state from before the last event.
            return Ok(());
        }
        match outcome {
            Ok(inspection) => self.take_in(watcher, &inspection),
            Err(error) if error.is_not_found() => {
                self.queue.forget(id);
                watcher.table.forget(id);
                self.publish(watcher);
            }
            Err(error @ DockerError::Unreachable { .. }) => return Err(error),
            // One container that hangs must not hide the others.
            Err(error @ DockerError::Timeout { .. }) if self.queue.retry(id, Instant::now()) => {
                tracing::debug!(container = %id, "{error}; it is asked again");
            }
            Err(error) => tracing::warn!(container = %id, "not described: {error}"),
        }
        self.grant(id);
        Ok(())
    }

    /// The table shows what is known of it.
    fn grant(&mut self, id: ContainerId) {
        for wish in self.wishes.remove(&id).into_iter().flatten() {
            // Nobody need be waiting any more.
            let _waiter_left = wish.send(());
        }
    }

    fn take_in(&mut self, watcher: &mut Watcher, inspection: &Inspection) {
        let mut container = watcher.shown(Container::from_inspection(&inspection.facts));
        let id = container.id;
        if container.is_running() {
            let place = container.pid.map(|pid| watcher.locator.locate(id, pid));
            container.place = match place {
                Some(Ok(place)) => {
                    self.queue.settle(id);
                    Some(place)
                }
                Some(Err(error)) => self.retry(id, &error.to_string()),
                None => self.retry(id, "it has no process yet"),
            };
        } else {
            self.queue.settle(id);
        }
        if watcher.table.by_id.get(&id).is_none_or(|known| **known != container) {
            watcher.table.by_id.insert(id, Arc::new(container));
            self.publish(watcher);
        }
    }

    /// Has it looked at again a little later; in the end it has no place of its own, which is an answer too.
    fn retry(&mut self, id: ContainerId, why: &str) -> Option<Place> {
        if self.queue.retry(id, Instant::now()) {
            return None;
        }
        tracing::warn!(container = %id, "its cgroup is not found, so Docker's stats serve it: {why}");
        Some(Place::default())
    }
}

/// Whether what is known of a container still holds, as far as a list and `/proc` tell.
fn is_settled(known: &Container, listed: &Container, locator: &Locator) -> bool {
    let same = known.state == listed.state && known.name == listed.name;
    let still_runs = || {
        let lives = known.pid.is_some_and(|pid| locator.is_alive(known.id, pid));
        lives && known.place.as_ref().is_some_and(|place| place.cgroup_id.is_some())
    };
    same && (!known.is_running() || still_runs())
}
