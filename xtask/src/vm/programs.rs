//! Programs of this machine for a guest, with the libraries that they are linked to.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::command::{Command, find};

/// What the checks without Docker run.
pub(crate) const SMALL: [&str; 6] = ["sh", "ip", "nsenter", "setpriv", "timeout", "setsid"];

/// What a Docker engine of the tests' own takes, and what cleans up behind it.
pub(crate) const ENGINE: [&str; 19] = [
    "dockerd",
    "docker-proxy",
    "docker",
    "containerd",
    "containerd-shim-runc-v2",
    "runc",
    "iptables",
    "ip6tables",
    "tar",
    "awk",
    "cat",
    "find",
    "ls",
    "rm",
    "rmdir",
    "sleep",
    "sort",
    "umount",
    "env",
];

/// Files of this machine by their place in the guest.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    pub(crate) files: BTreeMap<PathBuf, PathBuf>,
}

impl Programs {
    /// Adds a program that is found in PATH.
    pub(crate) fn add_named(&mut self, name: &str) -> Result<()> {
        let file = find(name).with_context(|| format!("there is no program `{name}`; `cargo xtask vm` installs it"))?;
        self.add(&Path::new("/usr/bin").join(name), &file)
    }

    /// Adds what iptables loads by name: the extensions beside its library.
    pub(crate) fn add_iptables_extensions(&mut self) -> Result<()> {
        let library = |place: &PathBuf| {
            place
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains("xtables"))
        };
        let libraries: Vec<_> = self.files.keys().filter(|place| library(place)).cloned().collect();
        for dir in libraries.iter().filter_map(|library| library.parent()) {
            // the loader's name for the directory may lack the /usr that the extensions are installed in
            let inside = Path::new("/usr").join(
                dir.strip_prefix("/usr")
                    .or_else(|_| dir.strip_prefix("/"))
                    .unwrap_or(dir),
            );
            for entry in fs::read_dir(inside.join("xtables")).into_iter().flatten() {
                let file = entry?.path();
                self.files.insert(file.clone(), file);
            }
        }
        Ok(())
    }

    /// Adds a program, and the libraries and the loader that it names.
    pub(crate) fn add(&mut self, place: &Path, file: &Path) -> Result<()> {
        // what is a link here (alternatives, a merged /usr) is a file there
        let target = fs::canonicalize(file).with_context(|| format!("looking for {}", file.display()))?;
        self.files.insert(place.to_owned(), target);
        // a static program is none that it knows
        let linked = Command::new("ldd").arg(file).ask().unwrap_or_default();
        for library in libraries(&linked) {
            let target = fs::canonicalize(&library).with_context(|| format!("looking for {}", library.display()))?;
            self.files.insert(library, target);
        }
        Ok(())
    }
}

/// Paths in the answer of `ldd`: `name => /path (address)` and `/path (address)`.
fn libraries(linked: &str) -> Vec<PathBuf> {
    let path = |line: &str| {
        let words = line.split_whitespace();
        let mut paths = words.filter(|word| word.starts_with('/'));
        paths.next().map(PathBuf::from)
    };
    linked.lines().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_the_loader_are_taken_from_ldd() {
        let linked = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\
                      \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let expected = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(libraries(linked), expected);
        assert!(libraries("\tnot a dynamic executable\n").is_empty());
    }
}
