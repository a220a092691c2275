//! The rules of this repository that no compiler and no clippy knows. Each is a pure function from file texts to what
//! breaks it; its test breaks it.

mod alerts;
mod deploy;
mod doors;
mod manifests;
mod readme;
mod size;
mod words;

use std::fmt;

use crate::tree::SourceFile;

pub(crate) use deploy::settings_exist;
pub(crate) use readme::agent_flags_exist;

/// A place that breaks a rule, with the rule in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    path: String,
    /// 0 where the whole file is meant.
    line: usize,
    rule: String,
}

impl Breach {
    fn at(file: &SourceFile, line: usize, rule: impl Into<String>) -> Self {
        Self {
            path: file.path.clone(),
            line,
            rule: rule.into(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.rule)
    }
}

/// All rules that need nothing but the files; `subcommands` are those that `cargo xtask` has.
pub(crate) fn breaches(files: &[SourceFile], subcommands: &[String]) -> Vec<Breach> {
    [
        manifests::inherit_lints(files),
        manifests::no_runner(files),
        doors::crates_stay_in_their_room(files),
        doors::unsafe_stays_in_its_room(files),
        size::files_stay_readable(files),
        words::nothing_of_one_machine(files),
        readme::subcommands_exist(files, subcommands),
        alerts::alerts_have_a_section(files),
    ]
    .concat()
}

pub(crate) use size::long_files;
