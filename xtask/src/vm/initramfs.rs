//! The guest's file system: an archive that the kernel unpacks into memory.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result};
use cpio::newc::{self, ModeFileType};

/// An archive under construction.
pub(crate) struct Initramfs {
    file: BufWriter<File>,
    dirs: BTreeSet<String>,
    last_inode: u32,
}

impl Initramfs {
    /// Begins one that holds nothing but a console.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
        let mut archive = Self {
            file: BufWriter::new(file),
            dirs: BTreeSet::new(),
            last_inode: 0,
        };
        archive.make_dirs("dev/console")?;
        // before init has mounted anything, what it says goes there
        let console = archive.entry("dev/console", ModeFileType::Char, 0o600);
        archive.write(console.rdev_major(5).rdev_minor(1), &[])?;
        Ok(archive)
    }

    /// A directory.
    pub(crate) fn add_dir(&mut self, place: &str) -> Result<()> {
        self.make_dirs(&format!("{place}/_"))
    }

    /// An executable file, or any other: the guest's one user is root.
    pub(crate) fn add(&mut self, place: &Path, content: &[u8]) -> Result<()> {
        let place = place.to_string_lossy();
        let place = place.trim_start_matches('/');
        self.make_dirs(place)?;
        let entry = self.entry(place, ModeFileType::Regular, 0o755);
        self.write(entry, content)
    }

    /// A copy of a file of this machine.
    pub(crate) fn add_file(&mut self, place: &Path, file: &Path) -> Result<()> {
        let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        self.add(place, &content)
    }

    /// Ends the archive.
    pub(crate) fn finish(self) -> Result<()> {
        let mut file = newc::trailer(self.file)?;
        file.flush()?;
        Ok(())
    }

    fn make_dirs(&mut self, place: &str) -> Result<()> {
        for (at, _) in place.match_indices('/') {
            let dir = &place[..at];
            if !dir.is_empty() && self.dirs.insert(dir.to_owned()) {
                let entry = self.entry(dir, ModeFileType::Directory, 0o755);
                self.write(entry, &[])?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, name: &str, file_type: ModeFileType, permissions: u32) -> newc::Builder {
        self.last_inode += 1;
        let builder = newc::Builder::new(name).ino(self.last_inode).nlink(1);
        builder.mode(permissions).set_mode_file_type(file_type)
    }

    fn write(&mut self, entry: newc::Builder, content: &[u8]) -> Result<()> {
        let size = u32::try_from(content.len()).context("a file is too large for a guest")?;
        let mut writer = entry.write(&mut self.file, size);
        writer.write_all(content)?;
        writer.finish()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn files_come_after_the_directories_that_they_are_in() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archive");
        let mut archive = Initramfs::create(&path).unwrap();
        archive.add(Path::new("/usr/bin/sh"), b"shell").unwrap();
        archive.add(Path::new("/usr/bin/ip"), b"").unwrap();
        archive.finish().unwrap();
        let mut file = File::open(&path).unwrap();
        let mut names = Vec::new();
        loop {
            let mut reader = newc::Reader::new(file).unwrap();
            if reader.entry().is_trailer() {
                break;
            }
            let mut content = String::new();
            reader.read_to_string(&mut content).unwrap();
            names.push((reader.entry().name().to_owned(), content));
            file = reader.finish().unwrap();
        }
        let names: Vec<_> = names
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_str()))
            .collect();
        let expected = [
            ("dev", ""),
            ("dev/console", ""),
            ("usr", ""),
            ("usr/bin", ""),
            ("usr/bin/sh", "shell"),
            ("usr/bin/ip", ""),
        ];
        assert_eq!(names, expected);
    }
}
