//! The REST API. The only room that names axum.
//!
//! | route | answered from |
//! | --- | --- |
//! | `GET /`, `GET /page/...` | the files of the page, compiled in |
//! | `GET /livez`, `GET /readyz` | the process, the snapshot |
//! | `GET /status` | the snapshot |
//! | `GET /containers` | one call to Docker that concurrent callers share |
//! | `POST /containers` | Docker |
//! | `GET /container/{id}` | Docker, after the id was resolved against the table |
//! | `GET /container/{id}/status` | the snapshot |
//! | `DELETE /container/{id}` | Docker, after the id was resolved against the table |
//!
//! A request passes the `door` first, which knows callers, names and roles. Handlers are a few lines each; which problem is which status is in `problem` alone.

mod audit;
mod container;
pub mod create_request;
pub mod door;
mod health;
mod list;
mod node;
mod page;
mod problem;
mod redact;
pub mod serve;
mod shared_list;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use axum::{
    Router,
    extract::Path,
    routing::{delete, get, post},
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::task::TaskTracker;

use crate::{
    containers::{
        Container, ContainerId, Containers, DockerState, id::ContainerRef, id::ResolveError, own::own_container,
    },
    docker::Engine,
    launch::Launcher,
    snapshot::Snapshot,
    usage::choose::SourceDecision,
};
use door::Door;
use problem::Problem;
use shared_list::SharedList;

/// Requests that may wait for Docker at one time; one more gets 503 at once. A node that creates fifty containers at once
/// is busy, and what waits behind them would not get its answer in time.
const MAX_WAITING_FOR_DOCKER: usize = 64;

/// Bodies that may be on their way at one time: each keeps a connection and some 20 KiB for as long as its sender likes, up
/// to its deadline.
const MAX_BODIES: usize = 64;

/// All that handlers answer from.
#[derive(Debug)]
pub struct App {
    /// The latest snapshot.
    pub snapshots: Arc<ArcSwap<Snapshot>>,
    /// The containers of this node.
    pub containers: Containers,
    /// Docker.
    pub engine: Arc<Engine>,
    /// Creates containers.
    pub launcher: Launcher,
    /// Where figures come from.
    pub decision: SourceDecision,
    /// The time between two samples, in ns.
    pub interval_ns: u64,
    /// The container that the agent itself runs in.
    pub own_container: Option<ContainerId>,
    /// Owns changes that are under way: they run to their end even when the caller hangs up.
    pub changes: TaskTracker,
    /// Who is let in.
    pub door: Door,
    /// The list that callers share.
    list: SharedList,
    waiting_for_docker: Semaphore,
    reading_bodies: Semaphore,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        snapshots: Arc<ArcSwap<Snapshot>>,
        containers: Containers,
        engine: Arc<Engine>,
        launcher: Launcher,
        decision: SourceDecision,
        interval: Duration,
        door: Door,
    ) -> Self {
        let list = SharedList::new(Arc::clone(&engine));
        Self {
            snapshots,
            containers,
            engine,
            launcher,
            decision,
            interval_ns: u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX),
            own_container: own_container(),
            changes: TaskTracker::new(),
            door,
            list,
            waiting_for_docker: Semaphore::new(MAX_WAITING_FOR_DOCKER),
            reading_bodies: Semaphore::new(MAX_BODIES),
        }
    }

    /// A place among those who wait for Docker.
    fn wait_for_docker(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.waiting_for_docker.try_acquire().map_err(|_| Problem::Busy)
    }

    /// A place among those whose bodies are read.
    fn read_a_body(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.reading_bodies.try_acquire().map_err(|_| Problem::Busy)
    }

    /// The container that a caller means. No call to Docker is made for it.
    fn resolve(&self, written: &str) -> Result<Arc<Container>, Problem> {
        let reference: ContainerRef = written.parse().map_err(|_| Problem::ContainerNotFound)?;
        let table = self.containers.table();
        match table.resolve(&reference) {
            Ok(container) => Ok(Arc::clone(container)),
            Err(ResolveError::Ambiguous) => Err(Problem::AmbiguousPrefix),
            // Before the first list nothing is known, also not that there is no such container.
            Err(ResolveError::NotFound) if table.docker == DockerState::NeverReached => Err(Problem::NothingKnown),
            Err(ResolveError::NotFound) => Err(Problem::ContainerNotFound),
        }
    }
}

/// A percent-encoded path segment; what does not decode to text names no container.
type IdSegment = Result<Path<String>, axum::extract::rejection::PathRejection>;

fn written_id(segment: IdSegment) -> Result<String, Problem> {
    segment
        .map(|Path(written)| written)
        .map_err(|_| Problem::ContainerNotFound)
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/status", get(node::status))
        .route("/containers", get(list::containers))
        .route("/containers", post(container::create))
        .route("/container/{id}", get(container::inspect))
        .route("/container/{id}", delete(container::delete))
        .route("/container/{id}/status", get(container::status))
        .merge(page::routes())
        .fallback(|| async { Problem::NoSuchPath })
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .with_state(app)
}
