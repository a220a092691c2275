//! Where the cgroup trees are mounted, from `/proc/self/mountinfo` (proc(5)).

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt as _,
    path::{Component, Path, PathBuf},
};

use super::{CgroupError, ContainerDirs};

/// Mount points of the cgroup trees that the agent reads. On a hybrid node the v2 tree is there without the
/// memory controller, which is mounted as v1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mounts {
    v2: Option<PathBuf>,
    memory_v1: Option<PathBuf>,
    cpu_v1: Option<PathBuf>,
    cpuacct_v1: Option<PathBuf>,
}

impl Mounts {
    /// Reads the mounts that the agent itself sees. With `below` (`--cgroup-root`), only those at that path or
    /// under it count.
    pub fn read(proc_root: &Path, below: Option<&Path>) -> Result<Self, CgroupError> {
        let path = proc_root.join("self/mountinfo");
        let text = fs::read(&path).map_err(|source| CgroupError::read(&path, source))?;
        Ok(Self::parse(&text, below))
    }

    /// Picks the mounts from the text of a mountinfo file. A line that it cannot read is another mount's
    /// trouble and is passed over.
    ///
    /// Of several mounts of one tree the one that shows most of it wins, then the first; a mount on the same
    /// directory covers the earlier one. A mount of a part of a tree does not count.
    pub fn parse(mountinfo: &[u8], below: Option<&Path>) -> Self {
        let mut v2 = Best::default();
        let mut memory_v1 = Best::default();
        let mut cpu_v1 = Best::default();
        let mut cpuacct_v1 = Best::default();
        for line in mountinfo.split(|&byte| byte == b'\n') {
            let Some(mount) = Line::parse(line) else {
                continue;
            };
            if below.is_some_and(|below| !mount.point.starts_with(below)) {
                continue;
            }
            match mount.fs_type {
                b"cgroup2" => v2.offer(&mount),
                b"cgroup" => {
                    if mount.has_controller(b"memory") {
                        memory_v1.offer(&mount);
                    }
                    if mount.has_controller(b"cpu") {
                        cpu_v1.offer(&mount);
                    }
                    if mount.has_controller(b"cpuacct") {
                        cpuacct_v1.offer(&mount);
                    }
                }
                _ => {}
            }
        }
        Self {
            v2: v2.point(),
            memory_v1: memory_v1.point(),
            cpu_v1: cpu_v1.point(),
            cpuacct_v1: cpuacct_v1.point(),
        }
    }

    /// Where the v2 tree is mounted. Whether that is the root of the whole tree,
    /// [`super::is_true_v2_root`] tells.
    pub fn v2(&self) -> Option<&Path> {
        self.v2.as_deref()
    }

    /// The container's directory in the v2 tree.
    pub fn v2_dir(&self, dirs: &ContainerDirs) -> Option<PathBuf> {
        Some(self.v2.as_ref()?.join(dirs.v2.as_ref()?))
    }

    /// The container's directory in the v1 hierarchy of the memory controller.
    pub fn memory_v1_dir(&self, dirs: &ContainerDirs) -> Option<PathBuf> {
        Some(self.memory_v1.as_ref()?.join(dirs.memory_v1.as_ref()?))
    }

    /// The container's directory in the v1 hierarchy of the cpu controller.
    pub fn cpu_v1_dir(&self, dirs: &ContainerDirs) -> Option<PathBuf> {
        Some(self.cpu_v1.as_ref()?.join(dirs.cpu_v1.as_ref()?))
    }

    /// The container's directory in the v1 hierarchy of the cpuacct controller.
    pub fn cpuacct_v1_dir(&self, dirs: &ContainerDirs) -> Option<PathBuf> {
        Some(self.cpuacct_v1.as_ref()?.join(dirs.cpuacct_v1.as_ref()?))
    }
}

/// The best mount of one tree so far.
#[derive(Default)]
struct Best(Option<(usize, PathBuf)>);

impl Best {
    fn offer(&mut self, mount: &Line<'_>) {
        let Some(height) = mount.height_above_namespace() else {
            return;
        };
        let better = self
            .0
            .as_ref()
            .is_none_or(|(best, point)| height > *best || *point == mount.point);
        if better {
            self.0 = Some((height, mount.point.clone()));
        }
    }

    fn point(self) -> Option<PathBuf> {
        self.0.map(|(_, point)| point)
    }
}

/// What is needed of one line: `36 35 98:0 /root /point opts [optional]... - type source superopts`.
struct Line<'a> {
    root: PathBuf,
    point: PathBuf,
    fs_type: &'a [u8],
    super_options: &'a [u8],
}

impl<'a> Line<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ');
        let root = unescape(fields.nth(3)?);
        let point = unescape(fields.next()?);
        fields.find(|field| *field == b"-")?;
        let fs_type = fields.next()?;
        let super_options = fields.nth(1)?;
        Some(Self {
            root,
            point,
            fs_type,
            super_options,
        })
    }

    /// Comounted controllers (`cpu,cpuacct`) are all in the options; a named hierarchy (`name=systemd`) is none.
    fn has_controller(&self, controller: &[u8]) -> bool {
        self.super_options
            .split(|&byte| byte == b',')
            .any(|option| option == controller)
    }

    /// How many levels above the root of the reader's cgroup namespace the mount starts: 0 for `/`, 2 for
    /// `/../..`, which is how the node's whole tree looks from a private namespace. `None` for a part of a tree.
    fn height_above_namespace(&self) -> Option<usize> {
        let mut height = 0;
        for component in self.root.components() {
            match component {
                Component::RootDir => {}
                Component::ParentDir => height += 1,
                _ => return None,
            }
        }
        Some(height)
    }
}

/// The kernel writes space, tab, newline and backslash as `\040`, `\011`, `\012` and `\134`.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        if let (b'\\', Some(byte)) = (first, tail.get(..3).and_then(octal)) {
            bytes.push(byte);
            rest = &tail[3..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

fn octal(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(digit - b'0'),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
