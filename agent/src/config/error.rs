//! What can be wrong with a configuration, in words for whoever wrote it.

use super::MAX_CONTAINERS;

/// Why a configuration cannot be used. Each is one line: the flag, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A duration that cannot be read or is out of bounds.
    #[error("{flag}: `{given}` is not a time between {least} and {most}; write it like 500ms, 1s or 1m")]
    Duration {
        /// The flag.
        flag: &'static str,
        /// Its value.
        given: String,
        /// The lower bound.
        least: &'static str,
        /// The upper bound.
        most: &'static str,
    },
    /// An address of Docker that cannot be used.
    #[error("--docker-url: `{given}` {problem}")]
    DockerUrl {
        /// The value.
        given: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// An address to serve that is none.
    #[error(
        "--listen: `{given}` is neither IP:PORT nor unix:PATH nor fd://; write it like 127.0.0.1:5000, [::1]:5000 or \
         unix:/run/agent.sock, names are not looked up"
    )]
    Listen {
        /// The value.
        given: String,
    },
    /// An address that others can reach, while callers need no credentials.
    #[error(
        "--listen: {address} can be reached from other machines, and whoever reaches the agent controls Docker; \
         give callers tokens with --admin-token-file, or certificates with --tls-client-ca, or listen on 127.0.0.1, or add \
         --allow-unauthenticated if the network is closed to others"
    )]
    ListenOpen {
        /// The address.
        address: std::net::SocketAddr,
    },
    /// A Consul that cannot be told of the agent.
    #[error("--consul: `{given}` {problem}")]
    Consul {
        /// The value.
        given: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// An address of an agent that is none.
    #[error(
        "--url: `{given}` is no address of an agent; write it like http://127.0.0.1:5000, https://agent.example:5000 or \
         unix:/run/agent.sock, with nothing behind the port"
    )]
    Url {
        /// The value.
        given: String,
    },
    /// A number of containers that cannot be read or is out of bounds.
    #[error("--max-containers: `{given}` is not a number from 1 to {MAX_CONTAINERS}; leave it out for 1024")]
    MaxContainers {
        /// The value.
        given: String,
    },
    /// A label of containers that none can have, or one too many.
    #[error("--metrics-label: {problem}")]
    MetricsLabel {
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// A log filter that cannot be read.
    #[error("--log: `{given}` is not a filter ({reason}); write it like info, or warn,balancer_agent=debug")]
    Log {
        /// The value.
        given: String,
        /// What the parser said.
        reason: String,
    },
    /// Docker's socket is something else.
    #[error("--docker-url: {path} is a {found}, not a socket; name the socket that dockerd listens on")]
    DockerNotASocket {
        /// The path.
        path: String,
        /// What is there.
        found: &'static str,
    },
    /// Docker's socket may not be used.
    #[error("--docker-url: no permission to use {path}; run as root or add this user to the group docker")]
    DockerDenied {
        /// The path.
        path: String,
    },
    /// Docker's socket cannot be looked at for another reason.
    #[error("--docker-url: {path} cannot be used ({reason}); name the socket that dockerd listens on")]
    DockerUnusable {
        /// The path.
        path: String,
        /// What the kernel said.
        reason: String,
    },
    /// A directory that is not what its flag says.
    #[error("{flag}: {path} is not {expected}; name the directory where the node's is mounted, or leave the flag out")]
    Root {
        /// The flag.
        flag: &'static str,
        /// The path.
        path: String,
        /// What was looked for.
        expected: &'static str,
    },
}
