//! The address of an agent that is asked, as its callers write it.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{ConfigError, host_port, printable};

/// The port that the agent listens on where its operator says nothing else.
const DEFAULT_PORT: u16 = 5000;
/// A socket's path must fit `sun_path` with its terminator (unix(7)).
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// Where an agent answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentAddress {
    /// A unix socket at an absolute path.
    Unix(PathBuf),
    /// HTTP over TCP.
    Tcp {
        /// A name or an address; IPv6 without brackets.
        host: String,
        /// The port, never 0.
        port: u16,
        /// Whether TLS is spoken there.
        tls: bool,
    },
}

impl AgentAddress {
    /// What stands in `Host`.
    pub fn authority(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port, .. } => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for AgentAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Tcp { tls, .. } => {
                let scheme = if *tls { "https" } else { "http" };
                write!(formatter, "{scheme}://{}", self.authority())
            }
        }
    }
}

impl FromStr for AgentAddress {
    type Err = ConfigError;

    fn from_str(given: &str) -> Result<Self, ConfigError> {
        parse(given).ok_or_else(|| ConfigError::Url {
            given: printable(given),
        })
    }
}

fn parse(given: &str) -> Option<AgentAddress> {
    if let Some(path) = given.strip_prefix("unix:") {
        // `unix:/path` and `unix:///path` are both in use.
        let path = path.strip_prefix("//").unwrap_or(path);
        let fits = path.starts_with('/') && path.len() <= MAX_SOCKET_PATH_BYTES && !path.contains('\0');
        return fits.then(|| AgentAddress::Unix(Path::new(path).to_owned()));
    }
    let (scheme, server) = given.split_once("://")?;
    let tls = match scheme {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let (host, port) = host_port::parse(server, DEFAULT_PORT)?;
    Some(AgentAddress::Tcp { host, port, tls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_each_kind_are_read_and_written_back() {
        for (given, written, authority) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000", "127.0.0.1:5000"),
            ("http://node-7/", "http://node-7:5000", "node-7:5000"),
            (
                "https://agent.example:443",
                "https://agent.example:443",
                "agent.example:443",
            ),
            ("https://[::1]", "https://[::1]:5000", "[::1]:5000"),
            ("unix:/run/agent.sock", "unix:/run/agent.sock", "localhost"),
            ("unix:///run/agent.sock", "unix:/run/agent.sock", "localhost"),
        ] {
            let address: AgentAddress = given.parse().unwrap();
            assert_eq!(
                (address.to_string().as_str(), address.authority().as_str()),
                (written, authority)
            );
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }

    #[test]
    fn anything_else_is_refused_in_one_line_that_names_the_flag() {
        for given in [
            "",
            "127.0.0.1:5000",
            "node-7",
            "ftp://node-7",
            "HTTP://node-7",
            "http://",
            "http://a:0",
            "http://a/status",
            "http://user@a",
            "http://a?x",
            "unix:run/agent.sock",
            "unix:",
            "x\ny",
        ] {
            let error = given.parse::<AgentAddress>().unwrap_err().to_string();
            assert!(error.starts_with("--url: `") && error.contains("unix:/"), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
