//! Docker's address as operators write it.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{ConfigError, printable};

/// The port that dockerd uses for plain TCP.
const DEFAULT_PORT: u16 = 2375;

/// A socket's path must fit `sun_path` with its terminator (unix(7)).
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// Where Docker listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DockerAddress {
    /// A unix socket at an absolute path.
    Unix(PathBuf),
    /// Plain HTTP over TCP.
    Tcp {
        /// A name or an address; IPv6 without brackets.
        host: String,
        /// The port, never 0.
        port: u16,
    },
}

impl fmt::Display for DockerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => {
                write!(formatter, "tcp://[{host}]:{port}")
            }
            Self::Tcp { host, port } => write!(formatter, "tcp://{host}:{port}"),
        }
    }
}

impl FromStr for DockerAddress {
    type Err = ConfigError;

    fn from_str(given: &str) -> Result<Self, ConfigError> {
        parse(given).map_err(|problem| ConfigError::DockerUrl {
            given: printable(given),
            problem,
        })
    }
}

fn parse(given: &str) -> Result<DockerAddress, String> {
    let Some((scheme, rest)) = given.split_once("://") else {
        return Err("has no scheme; write it like unix:///var/run/docker.sock or tcp://127.0.0.1:2375".to_owned());
    };
    match scheme {
        "file" | "unix" => socket_path(scheme, rest),
        "tcp" | "http" => host_and_port(scheme, rest),
        _ => Err(format!(
            "has the unknown scheme `{}`; use file://, unix://, tcp:// or http://",
            printable(scheme)
        )),
    }
}

fn socket_path(scheme: &str, path: &str) -> Result<DockerAddress, String> {
    if !path.starts_with('/') || path.ends_with('/') {
        return Err(format!(
            "names no absolute path of a socket; write it with three slashes, like {scheme}:///var/run/docker.sock"
        ));
    }
    if path.len() > MAX_SOCKET_PATH_BYTES || path.contains('\0') {
        return Err(format!(
            "is no path that a socket can have; use one of at most {MAX_SOCKET_PATH_BYTES} bytes"
        ));
    }
    Ok(DockerAddress::Unix(Path::new(path).to_owned()))
}

fn host_and_port(scheme: &str, rest: &str) -> Result<DockerAddress, String> {
    let (host, port) = super::host_port::parse(rest, DEFAULT_PORT)
        .ok_or_else(|| format!("is not {scheme}://HOST:PORT; write it like {scheme}://127.0.0.1:{DEFAULT_PORT}"))?;
    Ok(DockerAddress::Tcp { host, port })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unix(path: &str) -> DockerAddress {
        DockerAddress::Unix(PathBuf::from(path))
    }

    fn tcp(host: &str, port: u16) -> DockerAddress {
        DockerAddress::Tcp {
            host: host.to_owned(),
            port,
        }
    }

    #[test]
    fn addresses_of_each_scheme_are_read() {
        for (given, expected) in [
            ("file:///var/run/docker.sock", unix("/var/run/docker.sock")),
            ("unix:///run/user/1000/docker.sock", unix("/run/user/1000/docker.sock")),
            ("tcp://127.0.0.1:1234", tcp("127.0.0.1", 1234)),
            ("http://docker.internal:80", tcp("docker.internal", 80)),
            ("tcp://node_1", tcp("node_1", 2375)),
            ("http://host/", tcp("host", 2375)),
            ("tcp://[::1]:1234", tcp("::1", 1234)),
            ("tcp://[fe80::1]", tcp("fe80::1", 2375)),
        ] {
            let address: DockerAddress = given.parse().unwrap();
            assert_eq!(address, expected, "{given}");
            assert_eq!(address.to_string().parse(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_flag_and_a_remedy() {
        let long = format!("unix:///{}", "a".repeat(107));
        for (given, said) in [
            ("", "has no scheme"),
            ("/var/run/docker.sock", "has no scheme"),
            ("unix:/var/run/docker.sock", "has no scheme"),
            ("npipe:////./pipe/docker", "unknown scheme `npipe`; use file://"),
            ("https://host:2376", "unknown scheme `https`"),
            ("UNIX:///run/docker.sock", "unknown scheme"),
            ("://x", "unknown scheme ``"),
            ("file://", "no absolute path"),
            ("unix://run/docker.sock", "no absolute path"),
            ("unix:///", "no absolute path"),
            ("unix:///run/", "no absolute path"),
            (long.as_str(), "at most 107 bytes"),
            ("tcp://", "is not tcp://HOST:PORT"),
            ("tcp://:2375", "is not tcp://HOST:PORT"),
            ("tcp://host:", "is not tcp://HOST:PORT"),
            ("tcp://host:0", "is not tcp://HOST:PORT"),
            ("tcp://host:65536", "is not tcp://HOST:PORT"),
            ("tcp://host:+1", "is not tcp://HOST:PORT"),
            ("tcp://::1:2375", "is not tcp://HOST:PORT"),
            ("tcp://[::1", "is not tcp://HOST:PORT"),
            ("tcp://[host]:1", "is not tcp://HOST:PORT"),
            ("tcp://[::1]x", "is not tcp://HOST:PORT"),
            ("http://user@host:1", "write it like http://127.0.0.1:2375"),
            ("http://host:1/v1.41", "is not http://HOST:PORT"),
            ("http://host?x", "is not http://HOST:PORT"),
            ("tcp://a b:1", "is not tcp://HOST:PORT"),
            ("x\n\ny", "`x\\n\\ny` has no scheme"),
        ] {
            let text = given.parse::<DockerAddress>().unwrap_err().to_string();
            assert!(text.starts_with("--docker-url: `"), "{text}");
            assert!(text.contains(said), "{given}: {text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_written_back(rest in "(file|unix|tcp|http)://[/:.\\[\\]a-z0-9\n]{0,12}") {
            if let Ok(address) = rest.parse::<DockerAddress>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }
    }
}
