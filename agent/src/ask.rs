//! Asking a running agent, from the same machine and with the flags that it was started with: `healthcheck` and `doctor`.
//!
//! Blocking and of the standard library: a health check is a process that lives for milliseconds, every few seconds.

mod pinned;

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    time::Duration,
};

use thiserror::Error;

use crate::{access::TlsFiles, config::ListenAddress};

/// No answer to a health check takes longer.
const DEADLINE: Duration = Duration::from_secs(2);
/// No answer to one is longer, in bytes.
const MOST_BYTES: u64 = 64 << 10;

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// Nobody answers, or not in time.
    #[error("no agent answers at {address} ({source})")]
    Silent {
        /// Who was asked.
        address: ListenAddress,
        /// What the system said.
        source: io::Error,
    },
    /// What answers is not an agent.
    #[error("what answers at {address} does not speak HTTP")]
    NotHttp {
        /// Who was asked.
        address: ListenAddress,
    },
    /// Whom to ask cannot be known.
    #[error("which sockets the agent was given is not known here; name its address with --listen")]
    Inherited,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status code.
    pub status: u16,
    /// Its body.
    pub body: String,
}

/// Asks for a path that needs no credentials. `tls` is how the agent there was told to speak TLS.
pub fn get(address: &ListenAddress, tls: Option<&TlsFiles>, path: &str) -> Result<Answer, AskError> {
    let silent = |source| AskError::Silent {
        address: address.clone(),
        source,
    };
    let reply = match address {
        ListenAddress::Inherited => return Err(AskError::Inherited),
        ListenAddress::Unix(socket) => UnixStream::connect(socket)
            .and_then(|stream| {
                stream.set_read_timeout(Some(DEADLINE))?;
                stream.set_write_timeout(Some(DEADLINE))?;
                exchange(stream, path)
            })
            .map_err(silent)?,
        ListenAddress::Tcp(tcp) => connect(*tcp)
            .and_then(|stream| match tls {
                None => exchange(stream, path),
                Some(files) => exchange(pinned::stream(files, stream)?, path),
            })
            .map_err(silent)?,
    };
    parse(&reply).ok_or_else(|| AskError::NotHttp {
        address: address.clone(),
    })
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&reachable(address), DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    Ok(stream)
}

/// Whoever listens on all addresses is asked on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn exchange(mut stream: impl Read + Write, path: &str) -> io::Result<String> {
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    stream.flush()?;
    let mut reply = Vec::new();
    // a peer that closes without a farewell has answered all the same
    if let Err(error) = stream.take(MOST_BYTES).read_to_end(&mut reply)
        && reply.is_empty()
    {
        return Err(error);
    }
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

fn parse(reply: &str) -> Option<Answer> {
    let (head, body) = reply.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    Some(Answer {
        status: words.next()?.parse().ok()?,
        body: body.trim_end().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::{io::BufRead as _, net::TcpListener, thread};

    use super::*;

    /// Answers once.
    fn answering(reply: &'static str) -> (ListenAddress, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = ListenAddress::Tcp(listener.local_addr().unwrap());
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            io::BufReader::new(&mut stream).read_line(&mut line).unwrap();
            stream.write_all(reply.as_bytes()).unwrap();
            line
        });
        (address, asked)
    }

    #[test]
    fn an_answer_is_read_to_its_end() {
        let (address, asked) = answering("HTTP/1.0 503 Service Unavailable\r\nx: y\r\n\r\n{\"error\":\"why\"}\n");
        let answer = get(&address, None, "/readyz").unwrap();
        assert_eq!(asked.join().unwrap(), "GET /readyz HTTP/1.0\r\n");
        assert_eq!(answer.status, 503);
        assert_eq!(answer.body, "{\"error\":\"why\"}");
    }

    #[test]
    fn silence_and_other_protocols_are_told_with_the_address() {
        let (address, _asked) = answering("SSH-2.0-x\r\n");
        let error = get(&address, None, "/livez").unwrap_err().to_string();
        assert!(error.ends_with("does not speak HTTP"), "{error}");
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = get(&ListenAddress::Tcp(free), None, "/livez").unwrap_err().to_string();
        assert!(error.starts_with(&format!("no agent answers at {free} (")), "{error}");
    }

    #[test]
    fn whoever_listens_everywhere_is_asked_on_loopback() {
        for (listens, asked) in [
            ("0.0.0.0:5000", "127.0.0.1:5000"),
            ("[::]:5000", "[::1]:5000"),
            ("10.1.2.3:5000", "10.1.2.3:5000"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), asked);
        }
    }
}
