//! The containers of the demo and what each of them does. They talk to each other only, on the engine's bridge.

use std::{net::Ipv4Addr, process, time::Duration};

use anyhow::{Context as _, Result};

use super::{
    agent::Agent, api::Inspection, docker_client::DockerClient, image::Image, interrupt::Interrupt, say, table,
};

/// Three of these are made through the agent.
const SERVICE: &str = "demo";
/// Where the workload listens: the agent sets `PORT` to this for an image that exposes no port.
const SERVICE_PORT: u16 = 3000;
const SINK_PORT: u16 = 4000;
const BRIDGED_BYTES_PER_S: u32 = 5_000_000;
const HOST_BYTES_PER_S: u32 = 2_000_000;
const HELD_BYTES: u64 = 64 << 20;
/// Loads begin before the table and should outlast it; they end by themselves where nobody is left to end them.
const SLACK: Duration = Duration::from_secs(30);

/// A container, by its full id and its name without a slash.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) name: String,
}

/// All containers of the demo, the one on the host's network last.
#[derive(Debug)]
pub(super) struct Cast {
    /// Who keeps a CPU busy, who sends, who holds memory and receives.
    bridged: [Member; 3],
    host: Member,
}

impl Cast {
    pub(super) fn all(&self) -> impl Iterator<Item = &Member> {
        self.bridged.iter().chain([&self.host])
    }

    pub(super) fn on_the_hosts_network(&self) -> &Member {
        &self.host
    }
}

impl From<&Inspection> for Member {
    fn from(made: &Inspection) -> Self {
        Self {
            id: made.id.clone(),
            name: made.name.trim_start_matches('/').to_owned(),
        }
    }
}

/// Makes them, loads them for `table` and a little more, and says who does what.
pub(super) fn start(
    docker: &DockerClient,
    agent: &Agent,
    image: &Image<'_>,
    table: Duration,
    interrupt: &Interrupt,
) -> Result<Cast> {
    let seconds = (table + SLACK).as_secs();
    let create = || {
        interrupt.check()?;
        let made = agent.api.create(image.name(), SERVICE);
        made.context("creating a container through the agent")
    };
    let (busy, sender, holder) = (create()?, create()?, create()?);
    let sink = sink_of(&holder)?;
    let seconds_text = seconds.to_string();
    let port = SINK_PORT.to_string();
    let sink_words = ["/workload", "tcp-sink", "--port", &port, "--seconds", &seconds_text];
    docker.call(&[&["exec", "--detach", &holder.id][..], &sink_words].concat())?;
    let bytes = u64::from(BRIDGED_BYTES_PER_S) * seconds;
    for (container, path) in [
        (&busy, format!("/cpu?threads=1&seconds={seconds}")),
        (
            &sender,
            format!("/send?to={sink}&bytes={bytes}&rate={BRIDGED_BYTES_PER_S}"),
        ),
        (&holder, format!("/memory?bytes={HELD_BYTES}&seconds={seconds}")),
    ] {
        interrupt.check()?;
        ask(docker, container, &path).with_context(|| format!("loading {}", container.name))?;
    }
    let host = start_on_the_hosts_network(docker, image, &sink, seconds)?;
    let cast = Cast {
        bridged: [&busy, &sender, &holder].map(Member::from),
        host,
    };
    introduce(&cast);
    Ok(cast)
}

/// Asks a container's service for a load, from inside: a published port may be in another network namespace.
fn ask(docker: &DockerClient, container: &Inspection, path: &str) -> Result<()> {
    let to = format!("{}:{SERVICE_PORT}", Ipv4Addr::LOCALHOST);
    let words = ["exec", &container.id, "/workload", "get", "--to", &to, "--path", path];
    docker.call(&words).map(drop)
}

/// It sends and does not listen: on the host's network a listener would be open to the host's neighbours.
fn start_on_the_hosts_network(docker: &DockerClient, image: &Image<'_>, sink: &str, seconds: u64) -> Result<Member> {
    let name = format!("{SERVICE}-host-{}", process::id());
    let bytes = (u64::from(HOST_BYTES_PER_S) * seconds).to_string();
    let rate = HOST_BYTES_PER_S.to_string();
    let run = ["run", "--detach", "--network", "host", "--name", &name, image.name()];
    let send = [
        "/workload",
        "tcp-send",
        "--to",
        sink,
        "--bytes",
        &bytes,
        "--rate",
        &rate,
    ];
    let id = docker
        .call(&[&run[..], &send].concat())
        .context("starting a container on the host's network")?;
    Ok(Member { id, name })
}

fn sink_of(holder: &Inspection) -> Result<String> {
    let address = holder
        .address()
        .with_context(|| format!("Docker gave {} no address on its bridge", holder.name))?;
    Ok(format!("{address}:{SINK_PORT}"))
}

fn introduce(cast: &Cast) {
    let [busy, sender, holder] = &cast.bridged;
    let receiver = &holder.name;
    let sends = |bytes_per_s: u32| table::rate(bytes_per_s.into());
    let roles = [
        (busy, "keeps one CPU busy".to_owned()),
        (sender, format!("sends {} to {receiver}", sends(BRIDGED_BYTES_PER_S))),
        (holder, format!("holds {}", table::size(HELD_BYTES))),
        (
            &cast.host,
            format!(
                "is on the host's network, sends {} to {receiver}",
                sends(HOST_BYTES_PER_S)
            ),
        ),
    ];
    for (member, role) in roles {
        say::line(&format!("  {} {role}", member.name));
    }
}
