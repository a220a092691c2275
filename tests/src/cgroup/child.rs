//! A cgroup below a container's own, as systemd and Docker inside a container make them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{move_process, remove_tree, v2_dir};
use crate::wait::wait_until;

const END_DEADLINE: Duration = Duration::from_secs(10);

/// A cgroup below a container's, made by the test; removed on drop with all that is below it.
#[derive(Debug)]
pub struct ChildCgroup {
    container: PathBuf,
    /// The uppermost directory that was made for it.
    top: PathBuf,
    dir: PathBuf,
}

impl ChildCgroup {
    /// Makes `path`, which may be several levels, below the container's v2 cgroup.
    #[track_caller]
    pub fn create(container_id: &str, path: &str) -> Self {
        let container = v2_dir(container_id);
        let top = container.join(path.split('/').next().unwrap_or(path));
        let dir = container.join(path);
        let made = fs::create_dir(&top).and_then(|()| fs::create_dir_all(&dir));
        made.unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
        Self { container, top, dir }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Moves a process in.
    #[track_caller]
    pub fn take(&self, pid: u32) {
        move_process(pid, &self.dir);
    }

    /// Removes it; what is still in it goes back to the container's own cgroup.
    #[track_caller]
    pub fn remove(self) {
        wait_until("a cgroup to empty", END_DEADLINE, || self.clear());
    }

    fn clear(&self) -> Result<(), String> {
        remove_tree(&self.top, &self.container).map_err(|error| format!("{}: {error}", self.top.display()))
    }
}

impl Drop for ChildCgroup {
    fn drop(&mut self) {
        if self.top.exists()
            && let Err(error) = self.clear()
        {
            eprintln!("cannot remove {error}");
        }
    }
}
