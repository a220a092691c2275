//! How the program ends when the command line gives it nothing to run.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{
    CommandFactory as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::Cli;

/// Exit code for a command line that cannot be used: `EX_USAGE` of sysexits.h.
const EXIT_USAGE: u8 = 64;

/// How the program ends when there is nothing to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// What to print, without the last newline.
    pub text: String,
    /// Where to print it.
    pub stream: Stream,
    /// The exit code.
    pub code: u8,
}

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Help and version, which were asked for.
    Stdout,
    /// Complaints.
    Stderr,
}

impl Exit {
    /// What clap has to say: help and version that were asked for with `args`, or a complaint.
    pub(super) fn of(error: &clap::Error, args: &[OsString]) -> Self {
        let asked_for = |text: String| Self {
            text: text.trim_end().to_owned(),
            stream: Stream::Stdout,
            code: 0,
        };
        match error.kind() {
            ErrorKind::DisplayHelp => {
                // Here clap is to name the environment variables, but not to show what they hold.
                let no_values = |command: clap::Command| command.mut_args(|arg| arg.hide_env_values(true));
                let mut command = no_values(Cli::command()).mut_subcommands(no_values);
                command.build();
                let chore = args.get(1).and_then(|name| name.to_str());
                let chore = chore.filter(|name| command.find_subcommand(name).is_some());
                let command = match chore {
                    Some(name) => command.find_subcommand_mut(name).into_iter().next(),
                    None => Some(&mut command),
                };
                let Some(command) = command else {
                    return asked_for(error.render().to_string());
                };
                let help = if args.iter().any(|arg| arg == "--help") {
                    command.render_long_help()
                } else {
                    command.render_help()
                };
                asked_for(help.to_string())
            }
            ErrorKind::DisplayVersion => asked_for(error.render().to_string()),
            _ => Self::usage(format_args!(
                "{}; `balancer-agent --help` lists the flags",
                one_line(error)
            )),
        }
    }

    /// Ends with a complaint about the command line.
    pub fn usage(error: impl std::fmt::Display) -> Self {
        Self {
            text: format!("balancer-agent: {error}"),
            stream: Stream::Stderr,
            code: EXIT_USAGE,
        }
    }

    /// Ends with the reason why an agent is not well.
    pub fn unwell(reason: impl std::fmt::Display) -> Self {
        Self {
            text: reason.to_string(),
            stream: Stream::Stdout,
            code: 1,
        }
    }

    /// Prints the text and gives the code to return from `main`.
    pub fn print(&self) -> ExitCode {
        // A reader that has gone away must not turn the exit code into another.
        let _ = match self.stream {
            Stream::Stdout => writeln!(io::stdout(), "{}", self.text),
            Stream::Stderr => writeln!(io::stderr(), "{}", self.text),
        };
        ExitCode::from(self.code)
    }
}

/// Clap's first paragraph, which names the flag, as one line.
fn one_line(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let flag = context(ContextKind::InvalidArg);
    // Without a value there is none to show: clap's own words fit.
    let value = context(ContextKind::InvalidValue).filter(|value| !value.is_empty());
    let text = match (error.kind(), flag, value) {
        (ErrorKind::InvalidValue, Some(flag), Some(value)) => {
            let valid = context(ContextKind::ValidValue).unwrap_or_default();
            format!("{flag}: `{value}` is none of {valid}")
        }
        (ErrorKind::ValueValidation, Some(flag), Some(value)) => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            format!("{flag}: `{value}` {}", reason.unwrap_or_default())
        }
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.split("\n\n").next().unwrap_or_default();
            first.trim_start_matches("error: ").replace("\n  ", " ")
        }
    };
    printable(&text)
}

/// Newlines and other control characters, which a value may hold, would break the line or the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests;
