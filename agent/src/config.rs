//! What the agent is to do: the command line, checked.

mod agent_address;
mod consul;
mod docker_address;
mod error;
mod host_port;
mod labels;
mod listen_address;
mod system;

use std::{path::PathBuf, time::Duration};

use jiff::SignedDuration;
use tracing_subscriber::filter::Targets;

use crate::{
    access::{Policy, TlsFiles, credentials::TokenFiles},
    cli::{Fault, Flags, PullPolicy, SourceChoice},
};

pub use agent_address::AgentAddress;
pub use consul::ConsulTarget;
pub use docker_address::DockerAddress;
pub use error::ConfigError;
pub use listen_address::ListenAddress;
pub use system::{check, check_docker_address};

/// The kernel's tables take about 100 bytes a container and CPU, all up front.
const MAX_CONTAINERS: u32 = 100_000;

/// A usable configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where Docker listens.
    pub docker: DockerAddress,
    /// Addresses to serve, at least one, no two alike. Beyond loopback only if the operator allowed it.
    pub listen: Vec<ListenAddress>,
    /// Whoever reaches the agent is served, whether or not they are asked for credentials.
    pub allow_unauthenticated: bool,
    /// Tokens of callers.
    pub tokens: TokenFiles,
    /// TLS, if it is to be spoken on TCP.
    pub tls: Option<TlsFiles>,
    /// Names under which the agent is asked, beside those that it knows itself.
    pub allowed_hosts: Vec<String>,
    /// Nothing is created or deleted.
    pub read_only: bool,
    /// What admins may do.
    pub policy: Policy,
    /// Where CPU and network figures come from.
    pub source: SourceChoice,
    /// Time between two samples, 100 ms to 60 s.
    pub interval: Duration,
    /// The node's proc file system.
    pub proc_root: PathBuf,
    /// Where the node's cgroup trees are mounted, if the operator said so.
    pub cgroup_root: Option<PathBuf>,
    /// When images are pulled.
    pub pull: PullPolicy,
    /// The longest that pulling may take, 1 s to 1 h.
    pub pull_timeout: Duration,
    /// Containers at one time that the kernel's tables have room for, 1 to 100,000.
    pub max_containers: u32,
    /// Where the agent registers itself, if anywhere.
    pub consul: Option<ConsulTarget>,
    /// A filter that `tracing_subscriber::filter::Targets` takes.
    pub log: String,
    /// A part to break on purpose.
    pub fault: Option<Fault>,
    /// Cgroups that the kernel's tables have room for, where it is not `max_containers` that decides.
    pub map_entries: Option<u32>,
    /// Labels of containers that metrics carry.
    pub metrics_labels: Box<[String]>,
}

impl TryFrom<Flags> for Config {
    type Error = ConfigError;

    fn try_from(flags: Flags) -> Result<Self, ConfigError> {
        let tokens = TokenFiles {
            read: flags.read_token_file,
            admin: flags.admin_token_file,
        };
        let tls = tls_files(flags.tls_cert.zip(flags.tls_key), flags.tls_client_ca, flags.tls_admin);
        let asks = asks_for_credentials(&tokens, tls.as_ref());
        let listen = listen(&flags.listen, asks || flags.allow_unauthenticated)?;
        let consul = flags
            .consul
            .map(|url| ConsulTarget::new(&url, flags.consul_token_file, &listen))
            .transpose()?;
        Ok(Self {
            docker: flags.docker_url.parse()?,
            listen,
            allow_unauthenticated: flags.allow_unauthenticated,
            tokens,
            tls,
            allowed_hosts: flags.allowed_host,
            read_only: flags.read_only,
            policy: Policy {
                managed_only: flags.managed_only,
                image_allow: flags.image_allow,
            },
            source: flags.source,
            interval: duration("--interval", &flags.interval, &INTERVAL)?,
            proc_root: flags.proc_root,
            cgroup_root: flags.cgroup_root,
            pull: flags.pull,
            pull_timeout: duration("--pull-timeout", &flags.pull_timeout, &PULL_TIMEOUT)?,
            max_containers: max_containers(&flags.max_containers)?,
            consul,
            log: log_filter(flags.log)?,
            fault: flags.fault,
            map_entries: flags.map_entries,
            metrics_labels: labels::checked(&flags.metrics_label)?,
        })
    }
}

impl Config {
    /// Whether callers over TCP have to show something.
    pub fn asks_for_credentials(&self) -> bool {
        asks_for_credentials(&self.tokens, self.tls.as_ref())
    }
}

fn asks_for_credentials(tokens: &TokenFiles, tls: Option<&TlsFiles>) -> bool {
    !tokens.is_empty() || tls.is_some_and(|tls| tls.client_ca.is_some())
}

/// A bound of a duration, and how it is written.
type Bound = (Duration, &'static str);

const INTERVAL: [Bound; 2] = [(Duration::from_millis(100), "100ms"), (Duration::from_mins(1), "60s")];
const PULL_TIMEOUT: [Bound; 2] = [(Duration::from_secs(1), "1s"), (Duration::from_hours(1), "1h")];

fn duration(flag: &'static str, given: &str, [least, most]: &[Bound; 2]) -> Result<Duration, ConfigError> {
    given
        .parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| (least.0..=most.0).contains(duration))
        .ok_or_else(|| ConfigError::Duration {
            flag,
            given: printable(given),
            least: least.1,
            most: most.1,
        })
}

fn tls_files(own: Option<(PathBuf, PathBuf)>, client_ca: Option<PathBuf>, admins: Vec<String>) -> Option<TlsFiles> {
    own.map(|(certificates, key)| TlsFiles {
        certificates,
        key,
        client_ca,
        admins,
    })
}

/// `may_be_open`: callers are asked for credentials, or the operator does not want them to be.
fn listen(given: &[String], may_be_open: bool) -> Result<Vec<ListenAddress>, ConfigError> {
    let mut addresses = Vec::new();
    for text in given {
        let address: ListenAddress = text
            .trim()
            .parse()
            .map_err(|()| ConfigError::Listen { given: printable(text) })?;
        match &address {
            ListenAddress::Tcp(tcp) if !may_be_open && address.is_beyond_this_machine() => {
                return Err(ConfigError::ListenOpen { address: *tcp });
            }
            _ => {}
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

fn max_containers(given: &str) -> Result<u32, ConfigError> {
    given
        .parse()
        .ok()
        .filter(|number| (1..=MAX_CONTAINERS).contains(number))
        .ok_or_else(|| ConfigError::MaxContainers {
            given: printable(given),
        })
}

fn log_filter(given: String) -> Result<String, ConfigError> {
    let refused = |reason: String| ConfigError::Log {
        given: printable(&given),
        reason,
    };
    // No module has such a name, and the parser takes a mistyped level for one.
    if !given.is_ascii() {
        return Err(refused("it is not plain ASCII".to_owned()));
    }
    if let Some(word) = given
        .split(',')
        .map(str::trim)
        .find(|part| !part.contains('=') && !is_level(part))
    {
        return Err(refused(format!("`{}` is no level", printable(word))));
    }
    match given.parse::<Targets>() {
        Ok(_) => Ok(given),
        Err(error) => Err(refused(error.to_string())),
    }
}

fn is_level(word: &str) -> bool {
    ["off", "error", "warn", "info", "debug", "trace"]
        .iter()
        .any(|level| level.eq_ignore_ascii_case(word))
}

/// Text that was given, fit to be shown in one line.
fn printable(text: &str) -> String {
    crate::cli::printable(text)
}

#[cfg(test)]
mod tests;
