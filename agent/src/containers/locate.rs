//! From a process of a container to its cgroup.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{container::Place, id::ContainerId};
use crate::cgroup::{ContainerDirs, Mounts, cgroup_id};

/// Why a container's cgroup could not be found.
#[derive(Debug, Error)]
pub enum LocateError {
    /// A file could not be read: most often the process has just ended.
    #[error("reading {} failed: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Where the trees are, for this machine.
#[derive(Clone, Debug)]
pub struct Locator {
    /// The host's `/proc`.
    pub proc_root: PathBuf,
    /// The cgroup mounts.
    pub mounts: Mounts,
}

impl Locator {
    /// Finds the cgroup of the container whose first process is `pid`.
    ///
    /// A pid that another process has by now gives a [`Place`] without directories, since the id is not in its path.
    pub fn locate(&self, id: ContainerId, pid: u32) -> Result<Place, LocateError> {
        let dirs = self.dirs(id, pid)?;
        let Some(dir) = self.mounts.v2_dir(&dirs) else {
            return Ok(Place { dirs, cgroup_id: None });
        };
        let cgroup_id = cgroup_id(&dir).map_err(|source| LocateError::Read { path: dir, source })?;
        Ok(Place {
            dirs,
            cgroup_id: Some(cgroup_id),
        })
    }

    /// Whether `pid` still is a process of that container. Needs no Docker.
    pub fn is_alive(&self, id: ContainerId, pid: u32) -> bool {
        self.dirs(id, pid).is_ok_and(|dirs| dirs != ContainerDirs::default())
    }

    fn dirs(&self, id: ContainerId, pid: u32) -> Result<ContainerDirs, LocateError> {
        let path = self.proc_root.join(pid.to_string()).join("cgroup");
        let text = read(&path)?;
        Ok(ContainerDirs::parse(&text, &id.to_string()))
    }
}

fn read(path: &Path) -> Result<String, LocateError> {
    fs::read_to_string(path).map_err(|source| LocateError::Read {
        path: path.to_owned(),
        source,
    })
}
