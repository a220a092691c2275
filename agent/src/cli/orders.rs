//! Orders that ask an agent, here or elsewhere, and their flags: those of serving are no use to them.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum, builder::NonEmptyStringValueParser};

use super::flags::text;
use crate::{
    client::{Access, Errand},
    config::ConfigError,
    top::{Show, Watch},
};

/// What stands below the flags of each of them.
const EXIT_CODES: &str = "Exit codes:
  0   done
  1   the agent refused or failed: its reason is one line on standard error
  2   no agent can be reached there
  64  a flag, a variable or a file that it names cannot be used

https:// takes --ca-file: the certificates of the system are not asked.
A token that is shown over http:// can be read on the way: beyond this machine use https://.";

/// Which agent is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AccessFlags {
    /// The agent's address.
    #[arg(
        long,
        help = "The agent's address: http://HOST[:PORT], https://HOST[:PORT] or unix:PATH",
        env = "AGENT_URL",
        value_name = "URL",
        value_parser = text(),
        default_value = "http://127.0.0.1:5000"
    )]
    url: String,

    /// File of the token that the agent is shown; of several lines the first
    #[arg(long, env = "AGENT_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Certificates of those who may have issued the agent's, PEM: for https
    #[arg(long, env = "AGENT_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl TryFrom<AccessFlags> for Access {
    type Error = ConfigError;

    fn try_from(flags: AccessFlags) -> Result<Self, ConfigError> {
        Ok(Self {
            address: flags.url.parse()?,
            token_file: flags.token_file,
            ca_file: flags.ca_file,
        })
    }
}

/// A part of `top` that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TopFault {
    /// It panics once it has drawn figures.
    Panic,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum AskingOrder {
    /// Watch what the containers of a node use, live
    ///
    /// A table that follows each sample of the agent; the key ? tells the others. Where standard output is no terminal, one
    /// plain table.
    #[command(after_help = EXIT_CODES)]
    Top {
        #[command(flatten)]
        access: AccessFlags,
        /// One plain table, and no more
        #[arg(long)]
        once: bool,
        /// One reply of the agent as JSON, and no more
        #[arg(long, conflicts_with = "once")]
        json: bool,
        /// Breaks one part on purpose, for the test that proves that the part is needed.
        #[arg(long, value_enum, hide = true)]
        fault: Option<TopFault>,
    },
    /// Tell what a node uses
    #[command(after_help = EXIT_CODES)]
    Status {
        #[command(flatten)]
        access: AccessFlags,
        /// The reply of the agent as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the running containers of a node
    #[command(after_help = EXIT_CODES)]
    Ps {
        #[command(flatten)]
        access: AccessFlags,
        /// Those of this service only
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        service: Option<String>,
        /// The reply of the agent as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one container as Docker describes it, as JSON
    #[command(after_help = EXIT_CODES)]
    Inspect {
        #[command(flatten)]
        access: AccessFlags,
        /// Its id, at least 4 digits that only its id begins with, or its name
        #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
        id: String,
    },
    /// Create and start a container, and print its id
    #[command(after_help = EXIT_CODES)]
    Create {
        #[command(flatten)]
        access: AccessFlags,
        /// The image
        #[arg(long, value_name = "IMAGE", value_parser = NonEmptyStringValueParser::new())]
        image: String,
        /// The service that it belongs to
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        service: String,
        /// Port of the node that leads to it; Docker picks one without
        #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
        port: Option<u16>,
    },
    /// Stop and delete containers, and print each
    #[command(after_help = EXIT_CODES)]
    Rm {
        #[command(flatten)]
        access: AccessFlags,
        /// Ids, or names
        #[arg(value_name = "ID", required = true, value_parser = NonEmptyStringValueParser::new())]
        ids: Vec<String>,
        /// Seconds that each is given to stop; 0 kills at once
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u32>,
    },
}

/// What an agent is asked for, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Live, or a table.
    Top(Access, Watch),
    /// Once.
    Errand(Access, Errand),
}

impl TryFrom<AskingOrder> for Asked {
    type Error = ConfigError;

    fn try_from(order: AskingOrder) -> Result<Self, ConfigError> {
        let (access, errand) = match order {
            AskingOrder::Top {
                access,
                once,
                json,
                fault,
            } => {
                let show = match (once, json) {
                    (_, true) => Show::Json,
                    (true, _) => Show::Table,
                    _ => Show::Live,
                };
                return Ok(Self::Top(
                    access.try_into()?,
                    Watch {
                        show,
                        panics: fault == Some(TopFault::Panic),
                    },
                ));
            }
            AskingOrder::Status { access, json } => (access, Errand::Status { json }),
            AskingOrder::Ps { access, service, json } => (access, Errand::Ps { service, json }),
            AskingOrder::Inspect { access, id } => (access, Errand::Inspect { id }),
            AskingOrder::Create {
                access,
                image,
                service,
                port,
            } => (access, Errand::Create { image, service, port }),
            AskingOrder::Rm { access, ids, timeout } => (access, Errand::Rm { ids, timeout }),
        };
        Ok(Self::Errand(access.try_into()?, errand))
    }
}

#[cfg(test)]
mod tests;
