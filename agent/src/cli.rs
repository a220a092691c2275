//! The command line: what to do, flags, their environment variables and defaults, and what is said when they do not fit.

mod exit;
mod flags;
mod orders;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, builder::Resettable, parser::ValueSource};

pub(crate) use exit::printable;
pub use exit::{Exit, Stream};
pub use flags::{Fault, Flags, PullPolicy, SourceChoice};
pub use orders::Asked;
use orders::AskingOrder;

use crate::config::Config;

/// Node agent of a container balancer: what each container on this node uses, told over REST.
///
/// A flag given on the command line wins over its environment variable; an empty variable counts as not set.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "balancer-agent",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    chore: Option<Chore>,
}

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
enum Chore {
    /// Look at all that the agent needs on this machine, and say what is missing and what to do about it
    ///
    /// Takes the flags that the agent is to be started with. Exit code: 0 all is well, 1 the agent would run with less
    /// than it could have, 2 it would not run or could not do its work.
    Doctor {
        #[command(flatten)]
        flags: Flags,
        /// Tell it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Ask the agent that serves here whether it is alive: for the health checks of containers
    ///
    /// Takes the flags that the agent was started with, and asks at the first of its addresses. Exit code: 0 it is, 1 it
    /// is not.
    Healthcheck {
        #[command(flatten)]
        flags: Flags,
        /// Ask whether it has figures and reaches Docker, which a restart would not mend
        #[arg(long)]
        ready: bool,
    },
    #[command(flatten)]
    Ask(AskingOrder),
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Be the agent.
    Serve(Box<Config>),
    /// Look at the machine.
    Doctor {
        /// With what the agent is to be started.
        config: Box<Config>,
        /// For programs.
        json: bool,
    },
    /// Ask whether the agent of this machine is well.
    Healthcheck {
        /// With what it was started.
        config: Box<Config>,
        /// Not only whether it is alive.
        ready: bool,
    },
    /// Ask an agent.
    Ask(Asked),
}

/// The command line, of manuals and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Reads the command line (the first of `args` is the program's name) and the environment, and checks all that
/// can be checked without touching the system.
pub fn parse(
    args: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Order, Exit> {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = read(&args, environment).map_err(|error| Exit::of(&error, &args))?;
    let config = |flags| Config::try_from(flags).map(Box::new).map_err(Exit::usage);
    Ok(match cli.chore {
        None => Order::Serve(config(cli.flags)?),
        Some(Chore::Doctor { flags, json }) => Order::Doctor {
            config: config(flags)?,
            json,
        },
        Some(Chore::Healthcheck { flags, ready }) => Order::Healthcheck {
            config: config(flags)?,
            ready,
        },
        Some(Chore::Ask(order)) => Order::Ask(order.try_into().map_err(Exit::usage)?),
    })
}

/// Clap reads the environment by itself, but takes an empty variable for a value. So it is given the variables as
/// flags, ahead of the others, for each flag that the command line does not have.
fn read(args: &[OsString], environment: impl Fn(&str) -> Option<OsString>) -> Result<Cli, clap::Error> {
    let documented = Cli::command();
    let no_variables = |command: clap::Command| command.mut_args(|arg| arg.env(Resettable::Reset));
    let command = no_variables(Cli::command()).mut_subcommands(no_variables);
    let given = command.clone().try_get_matches_from(args)?;
    let (chore, given) = match given.subcommand() {
        Some((name, given)) => (documented.find_subcommand(name), given),
        None => (None, &given),
    };
    let from_environment = chore.unwrap_or(&documented).get_arguments().filter_map(|arg| {
        if given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine) {
            return None;
        }
        let value = environment(arg.get_env()?.to_str()?).filter(|value| !value.is_empty())?;
        let mut flag = OsString::from(format!("--{}=", arg.get_long()?));
        flag.push(value);
        Some(flag)
    });
    // the program's name, and that of the chore, which no flag comes before
    let names = if chore.is_some() { 2 } else { 1 };
    let (names, flags) = args.split_at(args.len().min(names));
    let all: Vec<OsString> = names
        .iter()
        .cloned()
        .chain(from_environment)
        .chain(flags.iter().cloned())
        .collect();
    Cli::from_arg_matches(&command.try_get_matches_from(all)?)
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
