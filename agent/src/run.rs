//! The whole agent: parts made from a configuration, run until told to stop.

mod entrance;
mod error;
mod notify;
mod process;
mod reload;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::task::{JoinHandle, JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::Credentials,
    api::{
        self, App, Figures, Scraped,
        serve::{Bound, tls::Tls},
    },
    cgroup::Mounts,
    cli::Fault,
    clock::wall_ns,
    config::{Config, DockerAddress, ListenAddress},
    consul,
    containers::{locate::Locator, watch::Watcher},
    docker::Engine,
    events::{EventLog, RunId},
    history::History,
    kernel::{self, KernelSettings},
    launch::Launcher,
    metrics::cgroup_files::CgroupFiles,
    node::Node,
    privileges::{self, Needs, Remaining},
    sampler::{Sampler, Told},
    usage::{
        UsageSources,
        choose::{Room, SourceDecision, choose},
        kernel::KernelUsage,
    },
};

pub use error::StartError;

/// How long tasks may take to end after the last request.
const TASKS_END: Duration = Duration::from_secs(2);

/// What is made before any thread of the runtime exists.
pub struct Parts {
    config: Config,
    listeners: Vec<Bound>,
    credentials: Arc<Credentials>,
    tls: Option<Arc<Tls>>,
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
        let credentials = Arc::new(Credentials::load(config.tokens.clone())?);
        let tls = config.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
        let listeners = entrance::bind_all(&config)?;
        process::raise_open_files();
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
            credentials,
            tls,
            mounts,
            kernel,
            decision,
        })
    }

    /// Gives up what the parts do not need any more. Before there is a second thread: see [`privileges`].
    pub fn confine(&self) {
        kernel::own_code::unmap();
        let config = &self.config;
        let docker_socket = match &config.docker {
            DockerAddress::Unix(path) => Some(path.clone()),
            DockerAddress::Tcp { .. } => None,
        };
        let own_sockets = config.listen.iter().filter_map(|address| match address {
            ListenAddress::Unix(path) => Some(path.clone()),
            ListenAddress::Tcp(_) | ListenAddress::Inherited => None,
        });
        let of_tls = config.tls.iter().flat_map(|tls| {
            let pem = [Some(&tls.certificates), Some(&tls.key), tls.client_ca.as_ref()];
            pem.into_iter().flatten().cloned()
        });
        let tokens = [&config.tokens.read, &config.tokens.admin];
        privileges::confine(&Remaining {
            needs: Needs::look(self.kernel.is_some()),
            docker_socket,
            read_again: tokens
                .into_iter()
                .flatten()
                .cloned()
                .chain(of_tls)
                .chain(config.consul.iter().filter_map(|consul| consul.token_file.clone()))
                .collect(),
            own_sockets: own_sockets.collect(),
        });
        if config.fault == Some(Fault::Attempts) {
            privileges::attempt_all(kernel::loads_a_program, kernel::makes_a_namespace);
        }
    }

    /// Runs until SIGINT or SIGTERM; a second one ends the process at once.
    pub async fn run(self) -> Result<(), StartError> {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        // Not among the tasks that the end waits for: it listens for the second signal until then.
        let mut signals = JoinSet::new();
        signals.spawn(process::stop_on_signal(stop.clone())?);
        self.announce();
        let is_open = self.is_open();
        let door = self.door();

        let engine = Arc::new(Engine::new(self.config.docker.clone()));
        let locator = Locator {
            proc_root: self.config.proc_root.clone(),
            mounts: self.mounts.clone(),
        };
        let started_ns = wall_ns();
        let run = RunId::started_at(started_ns);
        let told_to = Told {
            snapshots: Arc::default(),
            history: Arc::new(History::new(self.config.interval)),
            events: Arc::new(EventLog::new(run)),
        };
        let (watcher, containers) = Watcher::new(
            Arc::clone(&engine),
            locator,
            self.config.metrics_labels.clone(),
            Arc::clone(&told_to.events),
        );
        let sources = UsageSources::new(self.kernel, Arc::clone(&engine));
        let node = Node::new(&self.config.proc_root);
        let snapshots = Arc::clone(&told_to.snapshots);
        let sampler = Sampler::new(
            self.config.interval,
            sources,
            containers.clone(),
            node,
            self.mounts.clone(),
            told_to.clone(),
        );
        let launcher = Launcher::new(
            Arc::clone(&engine),
            containers.clone(),
            self.config.pull,
            self.config.pull_timeout,
            stop.clone(),
            tasks.clone(),
        );
        let status = format!("source {}", self.decision.source);
        let telling = notify::tell(snapshots.clone(), self.config.interval, status, stop.clone());
        if let Some(target) = self.config.consul.clone() {
            let (snapshots, interval) = (snapshots.clone(), self.config.interval);
            tasks.spawn(consul::keep_registered(target, snapshots, interval, stop.clone()));
        }
        let app = App::new(
            Figures {
                told: told_to,
                decision: self.decision,
                interval: self.config.interval,
            },
            containers,
            engine,
            launcher,
            door,
            Scraped {
                files: CgroupFiles::new(self.mounts.clone()),
                proc_root: self.config.proc_root.clone(),
                started_ns,
                is_open,
            },
            stop.clone(),
        );

        let broken: Arc<OnceLock<&'static str>> = Arc::default();
        let ends_with = |name: &'static str, task: JoinHandle<()>| {
            let (stop, broken) = (stop.clone(), Arc::clone(&broken));
            async move {
                let ended = task.await;
                if !stop.is_cancelled() {
                    tracing::error!("the {name} ended early ({ended:?}); the agent stops, so that it is seen");
                    let _first = broken.set(name);
                    stop.cancel();
                }
            }
        };
        let watcher = tasks.spawn(watcher.run(stop.clone()));
        let sampler = tasks.spawn(sampler.run(stop.clone()));
        tasks.spawn(ends_with("watcher", watcher));
        tasks.spawn(ends_with("sampler", sampler));
        let reloading = tasks.spawn(reload::reload(self.credentials, self.tls.clone(), stop.clone())?);
        tasks.spawn(ends_with("reading of credentials", reloading));
        tasks.spawn(telling);
        tasks.close();
        let served = api::serve::serve(Arc::new(app), self.listeners, self.tls, stop).await;
        if tokio::time::timeout(TASKS_END, tasks.wait()).await.is_err() {
            tracing::warn!("some tasks did not end in {} s", TASKS_END.as_secs());
        }
        served?;
        match broken.get() {
            // Whoever starts agents anew does so for one that failed.
            Some(part) => Err(StartError::Broken(part)),
            None => Ok(()),
        }
    }
}
