//! Under which names the agent may be asked.
//!
//! A web page of any site can make its own name point to this machine (DNS rebinding), and its browser then takes the
//! agent for that site. It cannot make the browser send another name than the one it was asked for. So only names that
//! the operator knows are answered; addresses always are, since no page can take one over.

use std::net::IpAddr;

/// Names under which the agent is asked, beside addresses and `localhost`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostNames(Vec<String>);

impl HostNames {
    /// The machine's own name and what the operator adds; case means nothing.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let plain = |name: String| name.trim_end_matches('.').to_ascii_lowercase();
        let mut names: Vec<_> = names.into_iter().map(plain).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    /// Whether a request for this authority (`host`, `host:port`, `[v6]:port`) is for the agent.
    pub fn allow(&self, authority: &str) -> bool {
        let Some(host) = host_of(authority) else { return false };
        if host.parse::<IpAddr>().is_ok() {
            return true;
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        let is = |name: &str| host.eq_ignore_ascii_case(name);
        is("localhost") || self.0.iter().any(|name| is(name))
    }
}

/// The host of an authority without its port, and a v6 address without its brackets; `None` if it is no authority.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':')?),
            };
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port_is_fine = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    (!host.is_empty() && port_is_fine).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_known_names_are_the_agents() {
        let names = HostNames::new(["Node-7".to_owned(), "agent.example.".to_owned(), String::new()]);
        for host in [
            "127.0.0.1",
            "127.0.0.1:5000",
            "10.1.2.3:5000",
            "[::1]",
            "[::1]:5000",
            "[fe80::1]:5000",
            "localhost",
            "LOCALHOST:5000",
            "localhost.",
            "node-7:5000",
            "NODE-7",
            "agent.example",
            "agent.example.:80",
        ] {
            assert!(names.allow(host), "{host}");
        }
    }

    #[test]
    fn other_names_and_what_is_no_authority_are_refused() {
        let names = HostNames::new(["node-7".to_owned()]);
        for host in [
            "",
            ":5000",
            "rebind.example",
            "rebind.example:5000",
            "node-7.rebind.example",
            "127.0.0.1.rebind.example",
            "localhost.rebind.example",
            "localhost:port",
            "localhost:99999",
            "user@localhost",
            "[::1",
            "::1",
            "[::1]x",
            "[localhost]",
            "127.0.0.1, localhost",
            "127.0.0.1:80:80",
        ] {
            assert!(!names.allow(host), "{host}");
        }
    }
}
