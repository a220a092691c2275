//! The files of the repository, as git sees them: tracked, and new ones that are not ignored.

use std::fs;

use anyhow::{Context as _, Result};

use crate::command::{Command, workspace};

/// A text file of the repository.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Lines with their numbers from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.has_extension("md")
    }

    pub(crate) fn has_extension(&self, wanted: &str) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extension == wanted)
    }
}

pub(crate) fn read() -> Result<Vec<SourceFile>> {
    let root = workspace()?;
    let git =
        Command::new("git")
            .arg("-C")
            .arg(&root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = git
        .ask()
        .with_context(|| format!("`{git}` does not list the files of this repository"))?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let file = root.join(path);
        // A file that is deleted but not yet committed is still listed.
        if !file.is_file() {
            continue;
        }
        let bytes = fs::read(&file).with_context(|| format!("reading {path}"))?;
        // What is not text has no lines to judge.
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(SourceFile {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}
