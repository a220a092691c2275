//! Where the agent registers itself.

use std::{fmt, path::PathBuf};

use super::{ConfigError, ListenAddress, host_port, printable};

/// The port of Consul's HTTP API.
const DEFAULT_PORT: u16 = 8500;

/// A Consul agent, and what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsulTarget {
    /// Its name or address; IPv6 without brackets.
    pub host: String,
    /// The port of its HTTP API.
    pub port: u16,
    /// File of the token that it wants, if it wants one.
    pub token_file: Option<PathBuf>,
    /// The address at which the agent is found; `None` is the one of Consul's own node.
    pub service_address: Option<std::net::IpAddr>,
    /// The agent's port.
    pub service_port: u16,
}

impl fmt::Display for ConsulTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "http://[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "http://{}:{}", self.host, self.port)
        }
    }
}

impl ConsulTarget {
    pub(super) fn new(url: &str, token_file: Option<PathBuf>, listen: &[ListenAddress]) -> Result<Self, ConfigError> {
        let refused = |problem: &str| ConfigError::Consul {
            given: printable(url),
            problem: problem.to_owned(),
        };
        let server = url.strip_prefix("http://");
        let (host, port) = server
            .and_then(|server| host_port::parse(server, DEFAULT_PORT))
            .ok_or_else(|| refused("is not http://HOST[:PORT]; write it like http://127.0.0.1:8500"))?;
        let tcp = listen.iter().find_map(|address| match address {
            ListenAddress::Tcp(address) => Some(address),
            ListenAddress::Unix(_) | ListenAddress::Inherited => None,
        });
        let tcp =
            tcp.ok_or_else(|| refused("has nothing to find the agent by; give it a port with --listen IP:PORT"))?;
        let is_of_others = !tcp.ip().is_unspecified() && !tcp.ip().to_canonical().is_loopback();
        Ok(Self {
            host,
            port,
            token_file,
            service_address: is_of_others.then_some(tcp.ip()),
            service_port: tcp.port(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, listen: &[&str]) -> Result<ConsulTarget, ConfigError> {
        let listen: Vec<_> = listen.iter().map(|text| text.parse().unwrap()).collect();
        ConsulTarget::new(url, None, &listen)
    }

    #[test]
    fn the_agent_is_found_by_the_first_address_that_others_reach() {
        for (listen, address) in [
            (&["127.0.0.1:5000"][..], None),
            (&["0.0.0.0:5000"], None),
            (&["unix:/run/a", "10.0.0.7:5000", "[::1]:6000"], Some("10.0.0.7")),
        ] {
            let target = of("http://127.0.0.1", listen).unwrap();
            assert_eq!((target.port, target.service_port), (8500, 5000));
            assert_eq!(target.service_address.map(|ip| ip.to_string()).as_deref(), address);
        }
        let target = of("http://[::1]:8501/", &["127.0.0.1:5000"]).unwrap();
        assert_eq!(target.to_string(), "http://[::1]:8501");
    }

    #[test]
    fn what_is_no_address_and_an_agent_without_a_port_are_refused() {
        for (url, listen, said) in [
            ("127.0.0.1:8500", "127.0.0.1:5000", "http://HOST"),
            ("https://consul", "127.0.0.1:5000", "http://HOST"),
            ("http://a/v1", "127.0.0.1:5000", "http://HOST"),
            ("http://a", "unix:/run/a", "--listen"),
        ] {
            let error = of(url, &[listen]).unwrap_err().to_string();
            assert!(error.starts_with("--consul: ") && error.contains(said), "{error}");
        }
    }
}
