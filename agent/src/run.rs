//! The whole agent: parts made from a configuration, run until told to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::{JoinHandle, JoinSet},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{self, App},
    cgroup::{CgroupError, Mounts},
    cli::Fault,
    config::Config,
    containers::{locate::Locator, watch::Watcher},
    docker::Engine,
    kernel::KernelSettings,
    launch::Launcher,
    node::Node,
    sampler::Sampler,
    usage::{
        Source, UsageSources,
        choose::{Room, SourceDecision, SourceUnavailable, choose},
        kernel::KernelUsage,
    },
};

/// How long tasks may take to end after the last request.
const TASKS_END: Duration = Duration::from_secs(2);

/// Why the agent could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// An address cannot be served.
    #[error("--listen: {address} cannot be served ({source}); choose another address or end the program that has it")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The source that was asked for cannot be had.
    #[error(transparent)]
    Source(#[from] SourceUnavailable),
    /// The mounts of this machine could not be read.
    #[error(transparent)]
    Mounts(#[from] CgroupError),
    /// The system gave no threads, signals or sockets.
    #[error("the agent could not start: {0}")]
    System(#[from] io::Error),
}

impl StartError {
    /// Whether a value of the configuration is to blame.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Listen { .. } | Self::Source(_))
    }
}

/// What is made before any thread of the runtime exists.
pub struct Parts {
    config: Config,
    listeners: Vec<std::net::TcpListener>,
    mounts: Mounts,
    kernel: Option<KernelUsage>,
    decision: SourceDecision,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Parts")
            .field("decision", &self.decision)
            .finish_non_exhaustive()
    }
}

impl Parts {
    /// Binds the addresses and starts the kernel's side.
    pub fn make(config: Config) -> Result<Self, StartError> {
        let listeners = config
            .listen
            .iter()
            .map(|&address| api::serve::bind(address).map_err(|source| StartError::Listen { address, source }))
            .collect::<Result<Vec<_>, _>>()?;
        raise_open_files();
        // The agent's own view of the mounts: what it finds there it must be able to open.
        let mounts = Mounts::read("/proc".as_ref(), config.cgroup_root.as_deref())?;
        let settings = KernelSettings {
            executable: "/proc/self/exe".into(),
            flush_running: config.fault != Some(Fault::NoFlush),
        };
        let room = match config.map_entries {
            Some(entries) => Room::Entries(entries),
            None => Room::Containers(config.max_containers),
        };
        let (kernel, decision) = choose(config.source, &mounts, room, &settings)?;
        Ok(Self {
            config,
            listeners,
            mounts,
            kernel,
            decision,
        })
    }

    /// Runs until SIGINT or SIGTERM; a second one ends the process at once.
    pub async fn run(self) -> Result<(), StartError> {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        // Not among the tasks that the end waits for: it listens for the second signal until then.
        let mut signals = JoinSet::new();
        signals.spawn(stop_on_signal(stop.clone())?);
        self.announce();

        let engine = Arc::new(Engine::new(self.config.docker.clone()));
        let locator = Locator {
            proc_root: self.config.proc_root.clone(),
            mounts: self.mounts.clone(),
        };
        let (watcher, containers) = Watcher::new(Arc::clone(&engine), locator);
        let sources = UsageSources::new(self.kernel, Arc::clone(&engine));
        let node = Node::new(&self.config.proc_root);
        let (sampler, snapshots) = Sampler::new(self.config.interval, sources, containers.clone(), node, self.mounts);
        let launcher = Launcher::new(
            Arc::clone(&engine),
            containers.clone(),
            self.config.pull,
            self.config.pull_timeout,
            stop.clone(),
        );
        let app = App::new(
            snapshots,
            containers,
            engine,
            launcher,
            self.decision,
            self.config.interval,
        );

        let ends_with = |name: &'static str, task: JoinHandle<()>| {
            let stop = stop.clone();
            async move {
                let ended = task.await;
                if !stop.is_cancelled() {
                    tracing::error!("the {name} ended early ({ended:?}); the agent stops, so that it is seen");
                    stop.cancel();
                }
            }
        };
        let watcher = tasks.spawn(watcher.run(stop.clone()));
        let sampler = tasks.spawn(sampler.run(stop.clone()));
        tasks.spawn(ends_with("watcher", watcher));
        tasks.spawn(ends_with("sampler", sampler));
        tasks.close();
        let served = api::serve::serve(Arc::new(app), self.listeners, stop).await;
        if tokio::time::timeout(TASKS_END, tasks.wait()).await.is_err() {
            tracing::warn!("some tasks did not end in {} s", TASKS_END.as_secs());
        }
        Ok(served?)
    }

    fn announce(&self) {
        let addresses: Vec<String> = self
            .config
            .listen
            .iter()
            .map(|address| format!("http://{address}"))
            .collect();
        let addresses = addresses.join(", ");
        match (self.decision.source, &self.decision.reason) {
            (Source::Ebpf, _) => {
                tracing::info!("listening on {addresses}, source ebpf: CPU and network are counted in the kernel");
            }
            (Source::Docker, reason) => {
                let reason = reason.as_deref().unwrap_or("it was asked for");
                tracing::warn!("listening on {addresses}, source docker: Docker's stats are used, because {reason}");
            }
        }
        if self.config.listen.iter().any(|address| !address.ip().is_loopback()) {
            tracing::warn!("--allow-unauthenticated: whoever reaches the agent's address controls this node's Docker");
        }
    }
}

/// Cancels `stop` at the first signal and ends the process at the second.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever asks twice does not want to wait; the kernel detaches all"
)]
fn stop_on_signal(stop: CancellationToken) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            }
        };
        tracing::info!("{}: stopping", next().await);
        stop.cancel();
        tracing::warn!("{} again: stopped without waiting", next().await);
        std::process::exit(1);
    })
}

/// Three files of each container stay open; the usual soft limit of 1,024 is soon met. What the hard limit allows is
/// taken.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    ) {
        tracing::debug!("the limit of open files stays: {error}");
    }
}
