//! Where the agent is reached, and who is let in.

use std::sync::Arc;

use super::{Parts, StartError};
use crate::{
    access::HostNames,
    api::{self, door::Door, serve::Bound},
    config::{Config, ConfigError, ListenAddress},
    node,
    usage::Source,
};

impl Parts {
    /// Who is let in.
    pub(super) fn door(&self) -> Door {
        Door {
            credentials: Arc::clone(&self.credentials),
            asks_for_credentials: self.config.asks_for_credentials(),
            hosts: host_names(&self.config.allowed_hosts),
            own_uid: rustix::process::geteuid().as_raw(),
            read_only: self.config.read_only,
            policy: self.config.policy.clone(),
        }
    }

    /// Whether callers of other machines need no credentials. By what was bound, since of sockets that are handed over only the
    /// sockets tell who can reach them.
    pub(super) fn is_open(&self) -> bool {
        let mut beyond = self.listeners.iter().map(Bound::address_beyond_this_machine);
        !self.config.asks_for_credentials() && beyond.any(|address| address.is_some())
    }

    pub(super) fn announce(&self) {
        let addresses: Vec<String> = self
            .config
            .listen
            .iter()
            .map(|address| match address {
                ListenAddress::Tcp(address) if self.tls.is_some() => format!("https://{address}"),
                ListenAddress::Tcp(address) => format!("http://{address}"),
                ListenAddress::Unix(_) | ListenAddress::Inherited => address.to_string(),
            })
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
        if self.is_open() {
            let gains = if self.config.read_only {
                "reads all that it tells, the environment of containers too"
            } else {
                "controls this node's Docker"
            };
            tracing::warn!("--allow-unauthenticated: whoever reaches the agent's address {gains}");
        }
    }
}

/// Of sockets that are handed over, only the sockets tell who can reach them.
pub(super) fn bind_all(config: &Config) -> Result<Vec<Bound>, StartError> {
    let may_be_open = config.allow_unauthenticated || config.asks_for_credentials();
    let mut listeners = Vec::new();
    for address in &config.listen {
        let failed = |source| StartError::Listen {
            address: address.clone(),
            source,
        };
        for bound in api::serve::bind(address).map_err(failed)? {
            match bound.address_beyond_this_machine() {
                Some(address) if !may_be_open => return Err(StartError::Open(ConfigError::ListenOpen { address })),
                _ => listeners.push(bound),
            }
        }
    }
    Ok(listeners)
}

/// Names of this machine, and those that the operator adds.
fn host_names(allowed: &[String]) -> HostNames {
    HostNames::new(allowed.iter().cloned().chain([node::name()]))
}
