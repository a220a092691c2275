//! What the process gives up once it has what it needs: everything is opened, bound, loaded and attached by then, and
//! no thread but the first exists, since capabilities are a thread's own.
//!
//! What is left is reading: counters through descriptors that it holds, `/proc`, the cgroup tree, its own files. And
//! Docker's socket, which is as good as root: no confinement of this process changes that.

mod attempts;
mod capabilities;
mod files;
mod syscalls;

use std::path::{Path, PathBuf};

pub use attempts::attempt_all;
pub use capabilities::{Needs, kept};
pub use files::has_landlock;

/// What the process still has to do after it is confined.
#[derive(Clone, Debug, Default)]
pub struct Remaining {
    /// Capabilities that are still of use.
    pub needs: Needs,
    /// The file of Docker's socket, if it is one.
    pub docker_socket: Option<PathBuf>,
    /// Files that are read again while it runs.
    pub read_again: Vec<PathBuf>,
    /// Sockets of its own, which it removes at its end.
    pub own_sockets: Vec<PathBuf>,
}

/// Gives up what is not needed. What this kernel cannot do is left out and said: the agent works all the same.
pub fn confine(remaining: &Remaining) {
    let tell = |what: &str, outcome: Result<String, String>| match outcome {
        Ok(level) => tracing::info!("{what}: {level}"),
        Err(reason) => tracing::warn!("{what}: not confined ({reason})"),
    };
    tell("capabilities", capabilities::give_up(remaining));
    tell(
        "new privileges",
        rustix::thread::set_no_new_privs(true)
            .map(|()| "none can be had".to_owned())
            .map_err(|error| error.to_string()),
    );
    tell("files", files::restrict(&remaining.own_sockets));
    tell("system calls", syscalls::restrict());
}

/// The directory of a file; the file itself where it has none.
fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
