//! The cgroup trees of the node: where they are mounted, which directory is a container's, which id a
//! directory has. Parsing is pure; reading is thin.

mod mounts;
mod paths;
mod walk;

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

pub use mounts::Mounts;
pub use paths::ContainerDirs;
pub use walk::{CgroupEntry, Walk, walk};

/// `CGROUP2_SUPER_MAGIC` of uapi/linux/magic.h.
const CGROUP2_SUPER_MAGIC: u64 = 0x6367_7270;

/// Inode of the root of the v2 tree. Directories below it never have it, and neither has the root of another
/// file system of this kind, since there is one v2 tree in a kernel.
const V2_ROOT_INODE: u64 = 1;

/// What reading the cgroup trees can meet.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// A file or directory could not be read.
    #[error("reading {} failed: {source}", .path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl CgroupError {
    fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }
}

/// Id of the cgroup whose directory this is, as the kernel programs see it: the inode of the directory.
///
/// Holds on 64-bit kernels (`kernfs` numbers nodes so); on 32-bit ones the inode is only the low half.
pub fn cgroup_id(dir: &Path) -> io::Result<u64> {
    dir.metadata().map(|metadata| metadata.ino())
}

/// Whether this directory is the root of the kernel's v2 tree, and not what a private cgroup namespace or a
/// mount of a subtree shows as a root.
pub fn is_true_v2_root(path: &Path) -> Result<bool, CgroupError> {
    let file_system = rustix::fs::statfs(path).map_err(|errno| CgroupError::read(path, errno.into()))?;
    // The type of the field differs between architectures; the magic number fits all of them.
    let is_v2 = u64::try_from(file_system.f_type).is_ok_and(|magic| magic == CGROUP2_SUPER_MAGIC);
    let id = cgroup_id(path).map_err(|source| CgroupError::read(path, source))?;
    Ok(is_v2 && id == V2_ROOT_INODE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_directory_has_an_id_and_is_no_v2_root() {
        let dir = tempfile::tempdir().unwrap();
        assert!(cgroup_id(dir.path()).unwrap() > 0);
        assert!(!is_true_v2_root(dir.path()).unwrap());
    }

    #[test]
    fn a_missing_directory_is_named_in_the_error() {
        let error = is_true_v2_root(Path::new("/no/such/cgroup")).unwrap_err();
        assert!(error.to_string().starts_with("reading /no/such/cgroup failed: "));
    }

    #[test]
    fn on_this_machine_nothing_below_the_mount_of_the_v2_tree_is_its_root() {
        let mounts = Mounts::read(Path::new("/proc"), None).unwrap();
        if let Some(root) = mounts.v2() {
            let tree = walk(root, 10_000).unwrap();
            assert_eq!(tree.entries[0].path, root);
            for entry in &tree.entries[1..] {
                let is_root = is_true_v2_root(&entry.path).unwrap_or(false);
                assert!(!is_root, "{}", entry.path.display());
            }
        }
    }
}
