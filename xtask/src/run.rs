//! `cargo xtask run`: the agent on this machine. Cargo builds as whoever calls it; only the agent is root.

use std::{
    env,
    ffi::{OsStr, OsString},
};

use anyhow::{Context as _, Result};

use crate::{
    artifacts,
    command::{Command, find, is_root},
    docker,
    setup::{self, Need},
};

/// Flags for the agent.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Flags for the agent: `cargo xtask run -- --listen 127.0.0.1:5001`.
    #[arg(last = true)]
    flags: Vec<OsString>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    setup::ensure(Need::Build)?;
    let agent = artifacts::agent()?;
    if let Some(line) = docker::absent(&args.flags, env::var_os("DOCKER_URL").as_deref()) {
        eprintln!("{line}");
    }
    if !is_root() {
        find("sudo").with_context(|| {
            format!(
                "the agent counts in the kernel as root, and there is no sudo here: run {} as root, or as you are, \
                 where it falls back on what Docker counts",
                agent.display()
            )
        })?;
    }
    // It becomes the agent: Ctrl-C, SIGTERM and the exit code are the agent's own, through sudo too.
    let never = with_settings(Command::new(agent), env::vars_os())
        .args(&args.flags)
        .with_root()
        .exec()?;
    match never {}
}

/// Names the agent's environment variables, so that they pass through sudo.
pub(crate) fn with_settings(command: Command, variables: impl Iterator<Item = (OsString, OsString)>) -> Command {
    variables
        .filter(|(name, _)| is_setting(name))
        .fold(command, |command, (name, value)| command.env(name, value))
}

fn is_setting(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("AGENT_") || ["DOCKER_URL", "RUST_LOG", "RUST_BACKTRACE"].contains(&name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_settings_pass_and_nothing_else() {
        let variables = [
            ("AGENT_LISTEN", "x"),
            ("DOCKER_URL", "y"),
            ("HOME", "z"),
            ("LD_PRELOAD", "w"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let command = with_settings(Command::new("agent"), variables.into_iter());
        assert_eq!(command.to_string(), "AGENT_LISTEN=x DOCKER_URL=y agent");
    }
}
