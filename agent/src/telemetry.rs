//! Logging to stderr.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Loud libraries, kept at `info` whatever the filter says: bollard writes whole replies at `debug`, and with them
/// the environment of containers, which is where people keep secrets.
const CAPPED: [&str; 3] = ["bollard=info", "hyper=info", "hyper_util=info"];

/// The target of the lines that tell who changed what: they are written whatever the filter says.
pub const AUDIT: &str = "audit";

/// Starts logging. `filter` has been checked with the rest of the configuration.
pub fn start(filter: &str) {
    let mut filter = EnvFilter::new(filter);
    for directive in CAPPED.into_iter().chain(["audit=info"]) {
        if let Ok(directive) = directive.parse() {
            filter = filter.add_directive(directive);
        }
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}
