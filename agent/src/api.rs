//! The REST API. The only room that names axum.
//!
//! | route | answered from |
//! | --- | --- |
//! | `GET /`, `GET /page/...` | the files of the page, compiled in |
//! | `GET /livez`, `GET /readyz` | the process, the snapshot |
//! | `GET /status` | the snapshot |
//! | `GET /status/history` | the history |
//! | `GET /containers/status` | one snapshot, made into text once |
//! | `GET /containers/events` | the log of events |
//! | `GET /metrics` | the snapshot, and the kernel's files once a tick |
//! | `GET /containers` | one call to Docker that concurrent callers share |
//! | `POST /containers` | Docker |
//! | `GET /container/{id}` | Docker, after the id was resolved against the table |
//! | `GET /container/{id}/status` | the snapshot |
//! | `GET /container/{id}/history` | the history |
//! | `DELETE /container/{id}` | Docker, after the id was resolved against the table |
//! | `GET /openapi.json` | the handlers' and replies' own descriptions, made into text once |
//!
//! A request passes the `door` first, which knows callers, names and roles. Handlers are a few lines each; which problem is which status is in `problem` alone.

mod all;
mod audit;
mod container;
pub mod create_request;
pub mod door;
mod encoding;
mod events;
mod health;
mod held;
mod history;
mod list;
mod makers;
mod metrics;
mod node;
mod once_a_tick;
mod openapi;
mod page;
mod problem;
mod redact;
pub mod serve;
mod shared_list;
mod strangers;

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Path,
    routing::{delete, get, post},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    containers::{Container, Containers, DockerState, id::ContainerRef, id::ResolveError, own::Own},
    docker::Engine,
    events::EventLog,
    history::History,
    launch::Launcher,
    metrics::cgroup_files::CgroupFiles,
    sampler::Told,
    snapshot::Snapshots,
    usage::choose::SourceDecision,
};
use door::Door;
use makers::Makers;
use problem::Problem;
use shared_list::SharedList;
use strangers::Strangers;

/// Requests that may wait for Docker at one time; one more gets 503 at once. A node that creates fifty containers at once
/// is busy, and what waits behind them would not get its answer in time.
const MAX_WAITING_FOR_DOCKER: usize = 64;

/// Bodies that may be on their way at one time: each keeps a connection and some 20 KiB for as long as its sender likes, up
/// to its deadline.
const MAX_BODIES: usize = 64;

/// Requests that may be held until something happens: readers of events, and those who wait for the next snapshot.
const MAX_HELD: usize = 256;

/// Requests that may wait for anything at one time: for Docker, for its list, for a body, for something to happen. Each keeps a
/// connection: the rest of them is for who wants an answer now.
const MAX_WAITING: usize = serve::MAX_CONNECTIONS - 32;

/// Where figures are and where they come from.
#[derive(Debug)]
pub struct Figures {
    /// The present, the past, and what happens.
    pub told: Told,
    /// Where they come from.
    pub decision: SourceDecision,
    /// The time between two samples.
    pub interval: Duration,
}

/// What `GET /metrics` reads beside the snapshot.
#[derive(Debug)]
pub struct Scraped {
    /// Files of containers.
    pub files: CgroupFiles,
    /// The node's `/proc`.
    pub proc_root: PathBuf,
    /// When the agent started, in ns since 1970.
    pub started_ns: u64,
    /// Callers of other machines have to show nothing.
    pub is_open: bool,
}

/// All that handlers answer from.
#[derive(Debug)]
pub struct App {
    /// The latest snapshot.
    pub snapshots: Arc<Snapshots>,
    /// The past.
    pub history: Arc<History>,
    /// What happens.
    pub events: Arc<EventLog>,
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
    /// Where the agent itself runs.
    pub own: Own,
    /// Owns requests that change something: they run to their end even when the caller hangs up.
    pub changes: TaskTracker,
    /// Who is let in.
    pub door: Door,
    /// Cancelled when the agent stops: whoever waits for something to come is sent away.
    pub stop: CancellationToken,
    /// The list that callers share.
    list: SharedList,
    waiting_for_docker: Arc<Semaphore>,
    reading_bodies: Arc<Semaphore>,
    held: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    strangers: Strangers,
    makers: Makers,
    texts: all::Texts,
    scrapes: metrics::Scrapes,
}

/// A place among those who wait, and among those who wait for the same; free again when dropped.
#[derive(Debug)]
struct Waiting {
    _among: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        figures: Figures,
        containers: Containers,
        engine: Arc<Engine>,
        launcher: Launcher,
        door: Door,
        scraped: Scraped,
        stop: CancellationToken,
    ) -> Self {
        let list = SharedList::new(Arc::clone(&engine), containers.clone());
        let Figures {
            told,
            decision,
            interval,
        } = figures;
        Self {
            snapshots: told.snapshots,
            history: told.history,
            events: told.events,
            stop,
            containers,
            engine,
            launcher,
            decision,
            interval_ns: u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX),
            own: Own::look(&scraped.proc_root),
            changes: TaskTracker::new(),
            door,
            list,
            waiting_for_docker: Arc::new(Semaphore::new(MAX_WAITING_FOR_DOCKER)),
            reading_bodies: Arc::new(Semaphore::new(MAX_BODIES)),
            held: Arc::new(Semaphore::new(MAX_HELD)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            strangers: Strangers::default(),
            makers: Makers::default(),
            texts: all::Texts::default(),
            scrapes: metrics::Scrapes::new(scraped),
        }
    }

    /// Closes what nobody uses any more. Never ends.
    async fn close_unused(&self) {
        self.scrapes.close_unused().await;
    }

    /// A place among those who wait for Docker. It goes with what is under way, which may outlast its caller.
    fn wait_for_docker(&self) -> Result<Waiting, Problem> {
        self.place(&self.waiting_for_docker)
    }

    /// A place among those whose bodies are read.
    fn read_a_body(&self) -> Result<Waiting, Problem> {
        self.place(&self.reading_bodies)
    }

    /// A place among those who are held until something happens.
    fn hold(&self) -> Result<Waiting, Problem> {
        self.place(&self.held)
    }

    /// A place among those who share a call that may be under way.
    fn share(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let of_all = Arc::clone(&self.waiting);
        of_all.try_acquire_owned().map_err(|_| Problem::Busy)
    }

    fn place(&self, among: &Arc<Semaphore>) -> Result<Waiting, Problem> {
        let among = Arc::clone(among).try_acquire_owned().map_err(|_| Problem::Busy)?;
        Ok(Waiting {
            _of_all: self.share()?,
            _among: among,
        })
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
        .route("/status/history", get(history::node))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .route("/containers/status", get(all::status))
        .route("/containers/events", get(events::events))
        .route("/containers", get(list::containers))
        .route("/containers", post(container::create))
        .route("/container/{id}", get(container::inspect))
        .route("/container/{id}", delete(container::delete))
        .route("/container/{id}/status", get(container::status))
        .route("/container/{id}/history", get(history::container))
        .merge(page::routes())
        .fallback(|| async { Problem::NoSuchPath })
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .with_state(app)
}
