//! The checks that look at the system. They change nothing, and they do not wait for anybody.

use std::{
    fs::{self, FileType},
    io,
    os::unix::fs::FileTypeExt as _,
    path::Path,
};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{Config, ConfigError, DockerAddress};

/// Checks a configuration against the system, so that a wrong path is told at the start and by its flag.
pub fn check(config: &Config) -> Result<(), ConfigError> {
    check_proc_root(&config.proc_root)?;
    config.cgroup_root.as_deref().map_or(Ok(()), check_cgroup_root)?;
    check_docker_address(&config.docker)
}

/// Whether the agent may connect to Docker's socket. A socket that is not there is fine, since Docker may come
/// later; so is a TCP address. One that can never work is an error.
pub fn check_docker_address(address: &DockerAddress) -> Result<(), ConfigError> {
    let DockerAddress::Unix(socket) = address else {
        return Ok(());
    };
    let path = super::printable(&socket.display().to_string());
    // Asked for rather than tried: connecting waits while a dockerd that hangs has a full backlog.
    let may_connect = || accessat(CWD, socket, Access::WRITE_OK, AtFlags::EACCESS);
    let metadata = match fs::metadata(socket) {
        Ok(metadata) => metadata,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                io::ErrorKind::PermissionDenied => Err(ConfigError::DockerDenied { path }),
                _ => Err(ConfigError::DockerUnusable {
                    path,
                    reason: error.to_string(),
                }),
            };
        }
    };
    if !metadata.file_type().is_socket() {
        let found = kind(metadata.file_type());
        return Err(ConfigError::DockerNotASocket { path, found });
    }
    match may_connect() {
        Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => Err(ConfigError::DockerDenied { path }),
        // Anything else, such as a socket that was removed just now, may pass.
        _ => Ok(()),
    }
}

fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        "directory"
    } else if file_type.is_file() {
        "regular file"
    } else {
        "special file"
    }
}

fn check_proc_root(root: &Path) -> Result<(), ConfigError> {
    if root.join("stat").is_file() {
        return Ok(());
    }
    Err(ConfigError::Root {
        flag: "--proc-root",
        path: super::printable(&root.display().to_string()),
        expected: "a proc file system",
    })
}

fn check_cgroup_root(root: &Path) -> Result<(), ConfigError> {
    if root.is_dir() {
        return Ok(());
    }
    Err(ConfigError::Root {
        flag: "--cgroup-root",
        path: super::printable(&root.display().to_string()),
        expected: "a directory",
    })
}

#[cfg(test)]
mod tests;
