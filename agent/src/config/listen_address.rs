//! An address to serve.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

/// The longest path that the kernel takes for a socket, in bytes (unix(7)).
const MAX_SOCKET_PATH: usize = 107;

/// Where callers come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
    /// All sockets that whoever started the agent has opened for it (`sd_listen_fds(3)`).
    Inherited,
}

/// How [`ListenAddress::Inherited`] is written, as Docker's own daemon does.
const INHERITED: &str = "fd://";

impl ListenAddress {
    /// Whether callers on other machines can come in. Of inherited sockets that is told by the sockets.
    pub fn is_beyond_this_machine(&self) -> bool {
        match self {
            Self::Tcp(address) => !address.ip().to_canonical().is_loopback(),
            Self::Unix(_) | Self::Inherited => false,
        }
    }
}

impl FromStr for ListenAddress {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == INHERITED {
            return Ok(Self::Inherited);
        }
        let Some(path) = text.strip_prefix("unix:") else {
            return text.parse().map(Self::Tcp).map_err(|_| ());
        };
        // `unix:/path` and `unix:///path` are both in use.
        let path = path.strip_prefix("//").unwrap_or(path);
        let fits = path.starts_with('/') && path.len() <= MAX_SOCKET_PATH && !path.contains('\0');
        fits.then(|| Self::Unix(path.into())).ok_or(())
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Inherited => formatter.write_str(INHERITED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_sockets_are_read_and_written_alike() {
        for (text, written) in [
            ("127.0.0.1:5000", "127.0.0.1:5000"),
            ("[::1]:0", "[::1]:0"),
            ("unix:/run/agent.sock", "unix:/run/agent.sock"),
            ("unix:///run/agent.sock", "unix:/run/agent.sock"),
            ("fd://", "fd://"),
        ] {
            let address: ListenAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), written);
        }
        let long = format!("unix:/{}", "a".repeat(MAX_SOCKET_PATH));
        for text in [
            "",
            "5000",
            "localhost:5000",
            "unix:",
            "unix:agent.sock",
            "unix://",
            "fd://3",
            &long,
        ] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }
}
