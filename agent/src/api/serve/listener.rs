//! Addresses to serve: TCP and unix sockets.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::UnixListener as StdUnixListener,
    },
    path::{Path, PathBuf},
};

use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::config::ListenAddress;

/// Owner and group may connect.
const SOCKET_MODE: u32 = 0o660;

/// Connections that the kernel keeps until they are accepted; `net.core.somaxconn` may allow fewer.
const BACKLOG: i32 = 1024;

/// An address that is bound, before there is a runtime.
#[derive(Debug)]
pub enum Bound {
    /// TCP, and the address that it got.
    Tcp(std::net::TcpListener, SocketAddr),
    /// A unix socket, with its file if the agent made it.
    Unix(StdUnixListener, Option<SocketFile>),
}

impl Bound {
    /// The address, if callers on other machines can come in.
    pub fn address_beyond_this_machine(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(_, address) => {
                Some(*address).filter(|address| ListenAddress::Tcp(*address).is_beyond_this_machine())
            }
            Self::Unix(..) => None,
        }
    }
}

/// The file of a unix socket; removed on drop, unless another has taken its place.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.ino() == self.inode) {
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// Binds an address, or takes the sockets that are there already. Done before anything else is started, so that a port in
/// use leaves no trace.
pub fn bind(address: &ListenAddress) -> io::Result<Vec<Bound>> {
    match address {
        ListenAddress::Tcp(address) => Ok(vec![bound_tcp(std::net::TcpListener::bind(address)?)?]),
        ListenAddress::Unix(path) => Ok(vec![bind_unix(path)?]),
        ListenAddress::Inherited => inherit(ListenFd::from_env()),
    }
}

fn bound_tcp(listener: std::net::TcpListener) -> io::Result<Bound> {
    listener.set_nonblocking(true)?;
    // again, for the standard library asks for 128: a controller that opens a few hundred at once would be cut off
    rustix::net::listen(&listener, BACKLOG)?;
    let address = listener.local_addr()?;
    Ok(Bound::Tcp(listener, address))
}

/// Their files, where they have some, are whose who made them.
fn inherit(mut sockets: ListenFd) -> io::Result<Vec<Bound>> {
    if sockets.len() == 0 {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "no sockets were handed over, which is what a systemd socket unit does",
        ));
    }
    (0..sockets.len())
        .filter_map(|index| match sockets.take_tcp_listener(index) {
            Ok(listener) => listener.map(bound_tcp),
            // a socket of another kind is still to be had
            Err(_) => sockets.take_unix_listener(index).transpose().map(|listener| {
                let listener = listener?;
                listener.set_nonblocking(true)?;
                Ok(Bound::Unix(listener, None))
            }),
        })
        .collect()
}

fn bind_unix(path: &Path) -> io::Result<Bound> {
    remove_stale(path)?;
    // Nobody may connect before the mode is set.
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let bound = StdUnixListener::bind(path);
    rustix::process::umask(before);
    let listener = bound?;
    let inode = fs::symlink_metadata(path)?.ino();
    let file = SocketFile {
        path: path.to_owned(),
        inode,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
    listener.set_nonblocking(true)?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(Bound::Unix(listener, Some(file)))
}

/// A socket that nobody listens on is left by an agent that was killed.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "something that is no socket is there",
        )),
        Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            Err(error) => Err(error),
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                "another program listens there",
            )),
        },
    }
}

/// A listener of the runtime.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        /// Removed with the listener.
        _file: Option<SocketFile>,
    },
}

/// A connection that was accepted.
#[derive(Debug)]
pub(super) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Listener {
    pub(super) fn new(bound: Bound) -> io::Result<Self> {
        match bound {
            Bound::Tcp(listener, _) => TcpListener::from_std(listener).map(Self::Tcp),
            Bound::Unix(listener, file) => Ok(Self::Unix {
                listener: UnixListener::from_std(listener)?,
                _file: file,
            }),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                // A reply goes out at once, also behind one that was not acknowledged yet.
                stream.set_nodelay(true)?;
                Ok(Accepted::Tcp(stream, from))
            }
            Self::Unix { listener, .. } => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundreds_may_come_before_the_first_is_accepted() {
        let any = ListenAddress::Tcp("127.0.0.1:0".parse().unwrap());
        let bound = bind(&any).unwrap().remove(0);
        let Bound::Tcp(_, address) = &bound else {
            panic!("{bound:?}");
        };
        let patience = std::time::Duration::from_millis(500);
        let connected: Vec<_> = (0..320)
            .map(|_| std::net::TcpStream::connect_timeout(address, patience).unwrap())
            .collect();
        assert_eq!(connected.len(), 320);
    }

    #[test]
    fn a_socket_is_its_groups_and_goes_with_its_listener() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.sock");
        let bound = bind_unix(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, SOCKET_MODE);
        assert_eq!(
            bind_unix(&path).unwrap_err().kind(),
            io::ErrorKind::AddrInUse,
            "another agent has it"
        );
        drop(bound);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_agent_left_is_replaced_and_other_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.sock");
        drop(StdUnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(bind_unix(&path).unwrap());
        fs::write(&path, "precious").unwrap();
        assert_eq!(bind_unix(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}
