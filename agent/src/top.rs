//! `balancer-agent top`: the containers of a node in a terminal, live.
//!
//! ```text
//! feed (asks the agent) -> model (pure: figures, order, filter, selection) -> draw -> live (terminal, keys, signals)
//! ```
//!
//! The only place that names ratatui and crossterm. What strangers wrote is made harmless in `columns` and `draw`,
//! before it goes to a widget.

mod columns;
mod draw;
mod feed;
mod graph;
mod keys;
mod live;
mod model;
mod once;
mod order;
mod troubles;

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
};

use crate::client::{Access, orders::complain};

/// What is shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Whether it goes on.
    pub show: Show,
    /// For the test of what a panic leaves behind.
    pub panics: bool,
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Until somebody ends it; one table where standard output is no terminal.
    Live,
    /// One table.
    Table,
    /// One reply of the agent.
    Json,
}

/// Shows it and gives the exit code.
pub fn run(access: &Access, watch: Watch) -> ExitCode {
    let done = match watch.show {
        Show::Json => once::json(access),
        Show::Live if io::stdout().is_terminal() => live::run(access, watch.panics),
        Show::Live | Show::Table => once::table(access),
    };
    ExitCode::from(done.unwrap_or_else(|error| complain(&error)))
}
