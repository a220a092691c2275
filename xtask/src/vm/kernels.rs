//! Kernels to boot: from the cache, from Debian, or as files.

mod apt;
pub(crate) mod modules;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::matrix::Line;
use crate::command::Command;
use apt::Apt;

/// A kernel that QEMU can boot.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// What it calls itself, such as `6.1.0-50-cloud-amd64`.
    pub(crate) release: String,
    pub(crate) image: PathBuf,
    /// Files of its modules by name.
    modules: BTreeMap<String, PathBuf>,
}

impl Kernel {
    /// The newest of a line: from the cache, or with `fresh` (or nothing there) from Debian.
    pub(crate) fn of_line(line: &Line, fresh: bool) -> Result<Self> {
        let dir = cache()?.join(line.name);
        let unpacked = dir.join("unpacked");
        if !fresh && unpacked.is_dir() {
            return Self::in_tree(&unpacked);
        }
        let work = dir.join("apt");
        remove(&work)?;
        let debs = Apt::for_line(line, &work)?.download()?;
        Self::unpack(&debs, &unpacked)?;
        // lists and packages are of no more use
        remove(&work)?;
        Self::in_tree(&unpacked)
    }

    /// From a Debian package, or an image without modules.
    pub(crate) fn of_file(file: &Path) -> Result<Self> {
        ensure!(file.is_file(), "{} is no file", file.display());
        if file.extension().is_some_and(|end| end == "deb") {
            let name = file.file_stem().context("it is a file")?;
            let unpacked = cache()?.join("given").join(name);
            Self::unpack(&[file.to_owned()], &unpacked)?;
            return Self::in_tree(&unpacked);
        }
        let image = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let release = release_of_image(&image);
        Ok(Self {
            release: release.with_context(|| format!("{} is no bootable image of a kernel", file.display()))?,
            image: file.to_owned(),
            modules: BTreeMap::new(),
        })
    }

    /// Moved into place whole, so that what is there is complete.
    fn unpack(debs: &[PathBuf], to: &Path) -> Result<()> {
        let partial = to.with_extension("partial");
        remove(&partial)?;
        fs::create_dir_all(&partial)?;
        for deb in debs {
            Command::new("dpkg-deb").arg("--extract").arg(deb).arg(&partial).run()?;
        }
        remove(to)?;
        fs::rename(&partial, to).with_context(|| format!("moving a kernel to {}", to.display()))
    }

    fn in_tree(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(root, &mut files)?;
        let named = |file: &PathBuf| {
            file.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
        };
        let image = files.iter().find(|file| named(file)).cloned();
        let image = image.with_context(|| format!("{} holds no vmlinuz", root.display()))?;
        let mut modules = BTreeMap::new();
        let mut release = None;
        for file in files {
            let Some(name) = file.file_name().and_then(|name| modules::name(&name.to_string_lossy())) else {
                continue;
            };
            release = release.or_else(|| release_in(&file));
            modules.insert(name, file);
        }
        let release = release.with_context(|| format!("{} holds no modules", root.display()))?;
        Ok(Self {
            release,
            image,
            modules,
        })
    }

    /// `wanted` and what they need, in the order in which they load.
    pub(crate) fn modules(&self, wanted: &[&str]) -> Result<Vec<(String, Vec<u8>)>> {
        let mut read = BTreeMap::new();
        let mut needs = BTreeMap::new();
        let mut next: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
        while let Some(name) = next.pop() {
            let Some(file) = self.modules.get(&name).filter(|_| !needs.contains_key(&name)) else {
                continue;
            };
            let module = decompressed(file)?;
            let depends = modules::depends(&module);
            next.extend(depends.iter().cloned());
            needs.insert(name.clone(), depends);
            read.insert(name, module);
        }
        let order = modules::in_order(wanted, &needs);
        Ok(order.into_iter().filter_map(|name| read.remove_entry(&name)).collect())
    }
}

fn decompressed(file: &Path) -> Result<Vec<u8>> {
    let program = match file.extension().and_then(|end| end.to_str()) {
        Some("ko") => return fs::read(file).with_context(|| format!("reading {}", file.display())),
        Some("xz") => "xz",
        Some("zst") => "zstd",
        Some("gz") => "gzip",
        _ => bail!("{}: not compressed in a way that is known", file.display()),
    };
    Command::new(program)
        .args(["--decompress", "--stdout"])
        .arg(file)
        .bytes()
}

/// The first word of the version that an x86 image has in its header ("The Linux/x86 Boot Protocol").
fn release_of_image(image: &[u8]) -> Option<String> {
    const MAGIC_AT: usize = 0x202;
    const POINTER_AT: usize = 0x20e;
    const POINTS_FROM: usize = 0x200;
    if image.get(MAGIC_AT..MAGIC_AT + 4)? != b"HdrS" {
        return None;
    }
    let pointer = u16::from_le_bytes(image.get(POINTER_AT..POINTER_AT + 2)?.try_into().ok()?);
    let version = image.get(POINTS_FROM + usize::from(pointer)..)?;
    let release = version.split(|byte| [0, b' '].contains(byte)).next()?;
    Some(String::from_utf8_lossy(release).into_owned())
}

/// `.../lib/modules/RELEASE/kernel/...`
fn release_in(file: &Path) -> Option<String> {
    let mut parts = file.components().map(|part| part.as_os_str().to_string_lossy());
    parts.find(|part| part == "modules")?;
    parts.next().map(std::borrow::Cow::into_owned)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Where kernels are kept from run to run, of all clones of this repository.
pub(crate) fn cache() -> Result<PathBuf> {
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    Ok(base
        .context("neither XDG_CACHE_HOME nor HOME is set")?
        .join("balancer-agent-kernels"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_tells_its_release() {
        let mut image = vec![0; 0x300];
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x20e] = 0x40;
        image[0x240..0x24c].copy_from_slice(b"6.12.1 (a@b)");
        assert_eq!(release_of_image(&image).as_deref(), Some("6.12.1"));
        assert_eq!(release_of_image(b"#!/bin/sh"), None);
    }

    #[test]
    fn the_release_is_in_the_path_of_a_module() {
        let file = Path::new("/c/usr/lib/modules/7.3.4+deb13-cloud-amd64/kernel/drivers/net/veth.ko.xz");
        assert_eq!(release_in(file).as_deref(), Some("7.3.4+deb13-cloud-amd64"));
        assert_eq!(release_in(Path::new("/boot/vmlinuz")), None);
    }
}
