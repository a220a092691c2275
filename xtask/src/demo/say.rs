//! Words for whoever watches. A terminal that is gone is no reason to leave things behind: a clean-up that printed with
//! `println!` would end in a panic.

use std::io::{self, Write as _};

use crate::command::Command;

/// A line on standard output.
pub(super) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// A command, as xtask shows every one that it runs.
pub(super) fn running(command: &Command) {
    let _ = writeln!(io::stderr(), "+ {command}");
}

/// A line on standard error: what a clean-up could not do.
pub(super) fn problem(text: &str) {
    let _ = writeln!(io::stderr(), "demo: {text}");
}
