//! Whether a Docker engine answers where the agent will look for one, and how to get one.

use std::{
    ffi::{OsStr, OsString},
    io::{self, ErrorKind},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use crate::command::find;

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// One line for the user where no engine listens on the agent's socket; `None` where one does, and where the agent is
/// told to look elsewhere than on a socket of this machine.
pub(crate) fn absent(flags: &[OsString], docker_url: Option<&OsStr>) -> Option<String> {
    let socket = socket(flags, docker_url)?;
    let problem = connect(&socket).err()?;
    let remedy = remedy(
        find("dockerd").is_some(),
        Path::new("/run/systemd/system").is_dir(),
        find("apt-get").is_some(),
    );
    Some(format!(
        "no Docker engine answers on {} ({problem}); to get one: {remedy}. The agent starts and goes on trying.",
        socket.display()
    ))
}

/// Whether something listens on this socket.
pub(crate) fn connect(socket: &Path) -> io::Result<()> {
    match UnixStream::connect(socket) {
        // What this user may not open, root may.
        Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}

/// The socket that these flags and this `DOCKER_URL` lead to, by the agent's own rules.
pub(crate) fn socket(flags: &[OsString], docker_url: Option<&OsStr>) -> Option<PathBuf> {
    let mut given = docker_url.map(OsStr::to_string_lossy);
    let mut words = flags.iter().map(|flag| flag.to_string_lossy());
    while let Some(word) = words.next() {
        if word == "--docker-url" {
            given = words.next();
        } else if let Some(url) = word.strip_prefix("--docker-url=") {
            given = Some(url.to_owned().into());
        }
    }
    let Some(url) = given else {
        return Some(DEFAULT_SOCKET.into());
    };
    ["unix://", "file://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .map(PathBuf::from)
}

fn remedy(installed: bool, systemd: bool, apt: bool) -> &'static str {
    match (installed, systemd, apt) {
        (true, true, _) => "`sudo systemctl start docker`",
        (true, false, _) => "`sudo dockerd`",
        (false, _, true) => "`sudo apt-get install docker.io`",
        (false, _, false) => "see docs.docker.com/engine/install",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket_of(flags: &[&str], url: Option<&str>) -> Option<PathBuf> {
        let flags: Vec<_> = flags.iter().map(OsString::from).collect();
        socket(&flags, url.map(OsStr::new))
    }

    #[test]
    fn the_socket_is_looked_for_where_the_agent_looks() {
        let some = |path: &str| Some(PathBuf::from(path));
        assert_eq!(socket_of(&[], None), some(DEFAULT_SOCKET));
        assert_eq!(
            socket_of(&["--interval", "2s"], Some("unix:///a.sock")),
            some("/a.sock")
        );
        assert_eq!(
            socket_of(&["--docker-url", "file:///b.sock"], Some("unix:///a.sock")),
            some("/b.sock")
        );
        assert_eq!(socket_of(&["--docker-url=unix:///c.sock"], None), some("/c.sock"));
        assert_eq!(socket_of(&["--docker-url=tcp://127.0.0.1:2375"], None), None);
    }

    #[test]
    fn a_socket_that_is_not_there_is_told_in_one_line_with_the_remedy() {
        let flags = ["--docker-url=unix:///no/such.sock".into()];
        let line = absent(&flags, None).unwrap();
        assert!(
            line.contains("/no/such.sock") && line.contains("to get one: ") && !line.contains('\n'),
            "{line}"
        );
    }

    #[test]
    fn the_remedy_fits_the_machine() {
        assert_eq!(remedy(true, true, true), "`sudo systemctl start docker`");
        assert_eq!(remedy(true, false, true), "`sudo dockerd`");
        assert_eq!(remedy(false, true, true), "`sudo apt-get install docker.io`");
        assert_eq!(remedy(false, true, false), "see docs.docker.com/engine/install");
    }
}
