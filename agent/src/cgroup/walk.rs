//! One pass over a cgroup tree: which ids are alive, and where they are.

use std::{
    fs, io,
    os::unix::fs::DirEntryExt as _,
    path::{Path, PathBuf},
};

use super::{CgroupError, cgroup_id};

/// One cgroup of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupEntry {
    /// Its id, which is the inode of its directory.
    pub id: u64,
    /// Id of the cgroup above; `None` for the one where the walk began.
    pub parent_id: Option<u64>,
    /// Its directory.
    pub path: PathBuf,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The cgroups, the root first and parents always before their children.
    pub entries: Vec<CgroupEntry>,
    /// Whether that is the whole tree. If not (the bound was met, or a directory could not be read), an id that
    /// is missing here may still be alive.
    pub complete: bool,
}

/// Walks the tree below `root`, at most `limit` cgroups of it. A directory that vanishes meanwhile is no error.
///
/// One directory read a cgroup and no `stat`: the entries of a directory tell inodes and types.
pub fn walk(root: &Path, limit: usize) -> Result<Walk, CgroupError> {
    let id = cgroup_id(root).map_err(|source| CgroupError::read(root, source))?;
    let mut entries = vec![CgroupEntry {
        id,
        parent_id: None,
        path: root.to_owned(),
    }];
    let mut complete = true;
    let mut next = 0;
    while next < entries.len() {
        let (parent_id, path) = (entries[next].id, entries[next].path.clone());
        match children(&path, parent_id, limit.saturating_sub(entries.len()), &mut entries) {
            Ok(all) => complete &= all,
            Err(source) if next == 0 => return Err(CgroupError::read(root, source)),
            Err(error) => complete &= is_gone(&error),
        }
        next += 1;
    }
    Ok(Walk { entries, complete })
}

/// Adds at most `room` children of a cgroup; tells whether those were all.
fn children(path: &Path, parent_id: u64, room: usize, entries: &mut Vec<CgroupEntry>) -> io::Result<bool> {
    let full = entries.len() + room;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if entries.len() >= full {
            return Ok(false);
        }
        entries.push(CgroupEntry {
            id: entry.ino(),
            parent_id: Some(parent_id),
            path: entry.path(),
        });
    }
    Ok(true)
}

/// What reading a directory says when the cgroup was removed after it was listed.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("docker/a/inner")).unwrap();
        fs::create_dir_all(dir.path().join("docker/b")).unwrap();
        fs::write(dir.path().join("cpu.stat"), "").unwrap();
        dir
    }

    #[test]
    fn every_cgroup_is_found_with_its_parent() {
        let dir = tree();
        let walk = walk(dir.path(), 100).unwrap();
        assert!(walk.complete);
        assert_eq!(walk.entries.len(), 5);
        assert_eq!(walk.entries[0].parent_id, None);
        for entry in &walk.entries[1..] {
            assert_eq!(entry.id, cgroup_id(&entry.path).unwrap());
            assert_eq!(entry.parent_id, Some(cgroup_id(entry.path.parent().unwrap()).unwrap()));
        }
    }

    #[test]
    fn a_walk_that_meets_its_bound_says_so() {
        let dir = tree();
        for limit in 1..5 {
            let walk = walk(dir.path(), limit).unwrap();
            assert_eq!((walk.entries.len(), walk.complete), (limit, false), "{limit}");
        }
        assert!(walk(dir.path(), 5).unwrap().complete);
    }

    #[test]
    fn a_missing_root_is_an_error() {
        assert!(walk(Path::new("/no/such/tree"), 10).is_err());
    }
}
