//! Peers come as packages that were unpacked into a directory, not installed: no service is started, nothing of them
//! stays on the machine.

use std::path::{Path, PathBuf};

use agent_tests::command;

/// Where packages were unpacked.
#[derive(Clone, Debug)]
pub(crate) struct Unpacked(Option<PathBuf>);

impl Unpacked {
    pub(crate) fn new(root: Option<PathBuf>) -> Self {
        Self(root)
    }

    pub(crate) fn root(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// A program: unpacked, or else installed.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let unpacked = self
            .0
            .iter()
            .flat_map(|root| ["usr/sbin", "usr/bin"].map(|dir| root.join(dir).join(name)));
        unpacked
            .into_iter()
            .find(|path| path.is_file())
            .or_else(|| command::find_program(name))
    }

    /// Where the loader finds libraries that came with it: `NAME=VALUE` for `env`.
    pub(crate) fn library_path(&self) -> String {
        let dir = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
        let dir = self.0.as_ref().map_or_else(PathBuf::new, |root| root.join(dir));
        format!("LD_LIBRARY_PATH={}", dir.display())
    }
}
