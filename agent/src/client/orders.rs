//! The orders that ask once: what is sent, and what is told of the reply.

mod show;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

use bytes::Bytes;
use hyper::Method;

use super::{
    Access, Answer, Client, ClientError, block_on, path_of,
    reply::{Created, Listed, Node},
    request::form_of,
    text,
};

/// What the agent has at hand is answered within this; lists go through Docker, which has 4 s itself.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
/// A creation may pull an image, which the agent gives up by itself: after an hour at the latest.
const CREATE_DEADLINE: Duration = Duration::from_mins(62);
/// What the agent waits for a container to stop where it is not told.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// Stopping and removing, beyond the time that the container is given.
const REMOVE_DEADLINE: Duration = Duration::from_secs(30);

/// What an agent is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// What the node uses.
    Status {
        /// The reply itself.
        json: bool,
    },
    /// Which containers run.
    Ps {
        /// Of this service only.
        service: Option<String>,
        /// The reply itself.
        json: bool,
    },
    /// One container, as Docker describes it.
    Inspect {
        /// An id, a prefix of one, or a name.
        id: String,
    },
    /// A new container.
    Create {
        /// What it is made of.
        image: String,
        /// What it belongs to.
        service: String,
        /// The node's port that leads to it.
        port: Option<u16>,
    },
    /// Containers are stopped and removed.
    Rm {
        /// Ids, prefixes or names.
        ids: Vec<String>,
        /// Seconds that each is given to stop.
        timeout: Option<u32>,
    },
}

/// Does an errand and gives the exit code; of several parts the worst.
pub fn run(access: &Access, errand: &Errand) -> ExitCode {
    let done = block_on(async {
        let mut client = Client::new(access)?;
        if let Errand::Rm { ids, timeout } = errand {
            return Ok(remove(&mut client, ids, *timeout).await);
        }
        let told = ask(&mut client, errand).await?;
        Ok(print(&told))
    });
    match done {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => ExitCode::from(complain(&error)),
        Err(error) => ExitCode::from(complain(&ClientError::Local(error.to_string()))),
    }
}

async fn ask(client: &mut Client, errand: &Errand) -> Result<String, ClientError> {
    match errand {
        Errand::Status { json } => {
            let answer = client.get("/status", DEADLINE).await?;
            if *json {
                return document(&answer);
            }
            Ok(show::node(&answer.read::<Node>()?))
        }
        Errand::Ps { service, json } => {
            let query: Vec<_> = service.iter().map(|name| ("service", name.as_str())).collect();
            let answer = client.get(&path_of(&["containers"], &query), DEADLINE).await?;
            if *json {
                return document(&answer);
            }
            Ok(show::list(&answer.read::<Vec<Listed>>()?))
        }
        Errand::Inspect { id } => document(&client.get(&path_of(&["container", id], &[]), DEADLINE).await?),
        Errand::Create { image, service, port } => {
            let port = port.map(|port| port.to_string());
            let fields = [("image", image.as_str()), ("service", service)];
            let port = port.iter().map(|port| ("port", port.as_str()));
            let fields: Vec<_> = fields.into_iter().chain(port).collect();
            let answer = client
                .send(Method::POST, "/containers", form_of(&fields).into(), CREATE_DEADLINE)
                .await?;
            Ok(format!("{}\n", text::clean(&answer.read::<Created>()?.id)))
        }
        // not an order of one request
        Errand::Rm { .. } => Ok(String::new()),
    }
}

/// Each is tried, whatever became of those before it; there is no use in asking an agent that is away again.
async fn remove(client: &mut Client, ids: &[String], timeout: Option<u32>) -> u8 {
    let seconds = timeout.map(|seconds| seconds.to_string());
    let query: Vec<_> = seconds.iter().map(|seconds| ("timeout", seconds.as_str())).collect();
    let patience = timeout.map_or(STOP_PATIENCE, |seconds| Duration::from_secs(seconds.into()));
    let mut worst = 0;
    for id in ids {
        let path = path_of(&["container", id], &query);
        let sent = client.send(Method::DELETE, &path, Bytes::new(), patience + REMOVE_DEADLINE);
        worst = worst.max(match sent.await {
            Ok(_) => print(&format!("{}\n", text::clean(id))),
            Err(ClientError::Refused { status, message }) => complain(&ClientError::Refused {
                status,
                message: format!("{}: {message}", text::clean(id)),
            }),
            Err(error) => return worst.max(complain(&error)),
        });
    }
    worst
}

/// The reply itself, fit for a terminal as well.
pub(crate) fn document(answer: &Answer) -> Result<String, ClientError> {
    text::clean_json(&answer.body)
        .map(|document| document + "\n")
        .ok_or_else(|| ClientError::Nonsense("it is no JSON".to_owned()))
}

/// Prints and gives the exit code: who cannot tell has failed.
pub(crate) fn print(text: &str) -> u8 {
    match io::stdout()
        .write_all(text.as_bytes())
        .and_then(|()| io::stdout().flush())
    {
        Ok(()) => 0,
        Err(error) => complain(&ClientError::Local(format!("standard output: {error}"))),
    }
}

/// One line on standard error, and the exit code.
pub(crate) fn complain(error: &ClientError) -> u8 {
    // A reader that has gone away must not turn the exit code into another.
    let _ = writeln!(io::stderr(), "balancer-agent: {}", text::clean(&error.to_string()));
    error.exit_code()
}
