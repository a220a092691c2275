//! What this machine has, and what the agent would meet on it. No judgement: that is in [`super::rules`].

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path, path::PathBuf};

use crate::{
    access::Credentials,
    api::serve::{bind, tls::Tls},
    ask::{self, Answer, AskError},
    cgroup::{ContainerDirs, Mounts},
    config::{self, Config, ListenAddress},
    containers::locate::Locator,
    docker::{DockerError, Engine, list::ListScope, version::EngineVersion},
    kernel::{CpuAccount, KernelFacts, KernelSettings, facts::Roots, plan},
    privileges::has_landlock,
    usage::choose::{Room, SourceDecision, choose},
};

/// So many running containers are looked for; more would tell nothing new.
const CONTAINERS_LOOKED_FOR: usize = 20;

/// All that is judged.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// As `uname` tells it.
    pub(super) kernel_release: String,
    /// What stands against the configuration on this machine.
    pub(super) configuration: Vec<String>,
    /// Token and key files that others than their owner may read.
    pub(super) readable_by_all: Vec<PathBuf>,
    /// Where figures would come from; else why the agent does not start.
    pub(super) source: Result<SourceDecision, String>,
    /// Why CPU time is measured by the clock, if it is.
    pub(super) clock_because: Option<String>,
    /// Whether programs are compiled to machine code, if it is told.
    pub(super) jit: Option<bool>,
    /// Whether the kernel has Landlock, and it is on.
    pub(super) landlock: bool,
    /// Whether the kernel has seccomp filters.
    pub(super) seccomp: bool,
    /// The engine, or why it does not answer.
    pub(super) docker: Result<EngineVersion, String>,
    /// Running containers that were looked for, and those of them whose cgroup was found.
    pub(super) located: Option<(usize, usize)>,
    /// Addresses to serve.
    pub(super) addresses: Vec<(ListenAddress, AddressState)>,
    /// What callers over TCP may do.
    pub(super) callers: Callers,
    /// The hard limit of open files.
    pub(super) most_open_files: Option<u64>,
    /// How many the configuration may come to need.
    pub(super) wanted_open_files: u64,
}

/// What callers over TCP may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// What their credential says.
    ByCredential,
    /// Each reads all, and nobody creates or deletes.
    AllRead,
    /// Each is an admin.
    AllChange,
}

/// What is at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AddressState {
    /// Nothing.
    Free,
    /// An agent, and why it is not ready if it is not.
    Agent(Result<(), String>),
    /// Something else, or the agent may not have it.
    Taken(String),
    /// It is the service manager's.
    Inherited,
}

/// Looks at everything; takes some seconds where Docker does not answer.
pub(super) fn look(config: &Config) -> io::Result<Facts> {
    let mounts = Mounts::read("/proc".as_ref(), config.cgroup_root.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let engine = Engine::new(config.docker.clone());
    let docker = runtime.block_on(engine.version());
    let located = match (&docker, &mounts) {
        (Ok(_), Ok(mounts)) => runtime.block_on(locate(config, mounts, &engine)).ok(),
        _ => None,
    };
    let kernel = mounts
        .as_ref()
        .ok()
        .map(|mounts| KernelFacts::probe(Roots::default(), mounts));
    let account = kernel
        .as_ref()
        .and_then(|facts| plan(facts, 1).ok())
        .map(|plan| plan.cpu_account);
    Ok(Facts {
        kernel_release: rustix::system::uname().release().to_string_lossy().into_owned(),
        configuration: unusable(config),
        readable_by_all: readable_by_all(config),
        source: match mounts {
            Ok(mounts) => source(config, &mounts),
            Err(error) => Err(error.to_string()),
        },
        clock_because: match account {
            Some(CpuAccount::Clock { because }) => Some(because),
            Some(CpuAccount::Scheduler(_)) | None => None,
        },
        jit: kernel.and_then(|facts| facts.jit),
        landlock: has_landlock(),
        seccomp: Path::new("/proc/sys/kernel/seccomp").exists(),
        docker: docker.map_err(|error| error.to_string()),
        located,
        addresses: config
            .listen
            .iter()
            .map(|address| (address.clone(), state(address, config)))
            .collect(),
        callers: match (config.asks_for_credentials(), config.read_only) {
            (true, _) => Callers::ByCredential,
            (false, true) => Callers::AllRead,
            (false, false) => Callers::AllChange,
        },
        most_open_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum,
        wanted_open_files: wanted_open_files(config.max_containers),
    })
}

/// Those of each container, and those of callers and of the agent itself.
fn wanted_open_files(max_containers: u32) -> u64 {
    const OF_MEMORY: u64 = 3;
    const WHILE_SCRAPED: u64 = 5;
    const OTHERS: u64 = 512;
    u64::from(max_containers) * (OF_MEMORY + WHILE_SCRAPED) + OTHERS
}

fn source(config: &Config, mounts: &Mounts) -> Result<SourceDecision, String> {
    let settings = KernelSettings {
        executable: "/proc/self/exe".into(),
        flush_running: true,
    };
    let room = Room::Containers(config.max_containers);
    match choose(config.source, mounts, room, &settings) {
        Ok((_detached, decision)) => Ok(decision),
        Err(error) => Err(error.to_string()),
    }
}

fn unusable(config: &Config) -> Vec<String> {
    let checks = [
        config::check(config).map_err(|error| error.to_string()),
        Credentials::load(config.tokens.clone())
            .map(drop)
            .map_err(|error| error.to_string()),
        config
            .tls
            .clone()
            .map_or(Ok(()), |files| Tls::load(files).map(drop))
            .map_err(|error| error.to_string()),
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

fn readable_by_all(config: &Config) -> Vec<PathBuf> {
    const OTHERS_READ: u32 = 0o004;
    let key = config.tls.as_ref().map(|tls| &tls.key);
    [config.tokens.read.as_ref(), config.tokens.admin.as_ref(), key]
        .into_iter()
        .flatten()
        .filter(|path| fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & OTHERS_READ != 0))
        .cloned()
        .collect()
}

async fn locate(config: &Config, mounts: &Mounts, engine: &Engine) -> Result<(usize, usize), DockerError> {
    let locator = Locator {
        proc_root: config.proc_root.clone(),
        mounts: mounts.clone(),
    };
    let (mut looked_for, mut found) = (0, 0);
    for entry in engine
        .list(ListScope::Running)
        .await?
        .iter()
        .take(CONTAINERS_LOOKED_FOR)
    {
        let id = entry.facts.id;
        // one that ends meanwhile is nobody's fault
        let Ok(inspection) = engine.inspect(id).await else {
            continue;
        };
        let state = inspection.facts.state;
        if state.running && state.pid != 0 {
            looked_for += 1;
            let place = locator.locate(id, state.pid);
            found += usize::from(place.is_ok_and(|place| place.dirs != ContainerDirs::default()));
        }
    }
    Ok((looked_for, found))
}

fn state(address: &ListenAddress, config: &Config) -> AddressState {
    let ask = |path| ask::get(address, config.tls.as_ref(), path);
    match ask("/livez") {
        Ok(answer) if answer == alive() => AddressState::Agent(match ask("/readyz") {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(answer.body),
            Err(error) => Err(error.to_string()),
        }),
        Ok(_) | Err(AskError::NotHttp { .. }) => AddressState::Taken("another program answers there".to_owned()),
        Err(AskError::Inherited) => AddressState::Inherited,
        Err(AskError::Silent { .. }) => match bind(address) {
            Ok(_unbound) => AddressState::Free,
            Err(error) => AddressState::Taken(error.to_string()),
        },
    }
}

fn alive() -> Answer {
    Answer {
        status: 200,
        body: "ok".to_owned(),
    }
}
