//! Why the agent could not start, or go on.

use std::io;

use thiserror::Error;

use crate::{
    access::credentials::CredentialsError, api::serve::tls::TlsError, cgroup::CgroupError, config::ListenAddress,
    usage::choose::SourceUnavailable,
};

/// Why the agent could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// An address cannot be served.
    #[error("--listen: {address} cannot be served ({source}); choose another address or end the program that has it")]
    Listen {
        /// The address.
        address: ListenAddress,
        /// What the system said.
        source: io::Error,
    },
    /// A socket that was handed over is open to others, while callers need no credentials.
    #[error(transparent)]
    Open(crate::config::ConfigError),
    /// A token file cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The source that was asked for cannot be had.
    #[error(transparent)]
    Source(#[from] SourceUnavailable),
    /// The mounts of this machine could not be read.
    #[error(transparent)]
    Mounts(#[from] CgroupError),
    /// A part of the agent ended while it ran: a defect, which its log tells more of.
    #[error("the agent stopped because its {0} broke; keep its log and report it")]
    Broken(&'static str),
    /// The system gave no threads, signals or sockets.
    #[error("the agent could not start: {0}")]
    System(#[from] io::Error),
}

impl StartError {
    /// Whether a value of the configuration is to blame.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Listen { .. } | Self::Open(_) | Self::Credentials(_) | Self::Tls(_) | Self::Source(_)
        )
    }
}
