//! `balancer-agent doctor`: everything the agent needs, looked at with the flags that it is to be started with.
//!
//! ```text
//! look (facts) -> judge (pure) -> report (text or JSON, exit code)
//! ```
//!
//! It changes nothing: programs that it loads to see whether they count are gone when it ends, and a port that it tries
//! is free again. Beside a running agent it does that agent no harm.

mod facts;
mod report;
mod rules;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use crate::config::Config;

/// Looks, tells and gives the exit code.
pub fn run(config: &Config, json: bool) -> io::Result<ExitCode> {
    let findings = rules::judge(&facts::look(config)?);
    let text = if json {
        report::json(&findings)
    } else {
        report::text(&findings)
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::from(report::exit_code(&findings)))
}
