//! `cargo xtask demo`: the agent with containers under load, as a table on the terminal; then all of it goes again.
//!
//! Everything that needs root runs in one process: this program builds as whoever calls it, then becomes itself as
//! root. So one process owns the engine, the image, the containers and the agent, and removes them however it ends.

mod agent;
mod api;
mod containers;
mod docker_client;
mod engine;
mod image;
mod interrupt;
mod leftovers;
mod private_engine;
mod say;
mod table;
mod watch;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    artifacts,
    command::{Command, find, is_root},
    docker, run,
    setup::{self, Need},
};
use agent::Agent;
use engine::Engine;
use image::Image;
use interrupt::Interrupt;

/// How long, and on which engine.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long the table is shown.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=LONGEST_S))]
    seconds: u64,
    /// Docker's socket on this machine; `DOCKER_URL` or `unix:///var/run/docker.sock` without it. Where no engine answers
    /// on it, the demo starts a private one for its own time.
    #[arg(long, value_name = "URL")]
    docker_url: Option<OsString>,
    /// What was built: this program passes it to itself as root.
    #[arg(long, hide = true, requires = "built_workload")]
    built_agent: Option<PathBuf>,
    #[arg(long, hide = true, requires = "built_agent")]
    built_workload: Option<PathBuf>,
}

/// The loads outlast the table by a little, and no load of the workload runs longer than an hour.
const LONGEST_S: u64 = 1800;

/// What was built for the demo.
struct Built {
    agent: PathBuf,
    workload: PathBuf,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let socket = socket(args)?;
    if let (Some(agent), Some(workload)) = (&args.built_agent, &args.built_workload) {
        let built = Built {
            agent: agent.clone(),
            workload: workload.clone(),
        };
        return show(&built, &socket, args.seconds);
    }
    ensure!(
        is_root() || find("sudo").is_some(),
        "the demo runs the agent as root, and there is no sudo here: run it as root"
    );
    let engine = docker::connect(&socket).is_err();
    setup::ensure(Need::Demo { engine })?;
    let built = Built {
        agent: artifacts::agent()?,
        workload: artifacts::workload()?,
    };
    if is_root() {
        show(&built, &socket, args.seconds)
    } else {
        become_root(&built, &socket, args.seconds)
    }
}

/// The agent sees this machine only, so an engine elsewhere is none for it to show.
fn socket(args: &Args) -> Result<PathBuf> {
    let flags: Vec<_> = args
        .docker_url
        .iter()
        .flat_map(|url| ["--docker-url".into(), url.clone()])
        .collect();
    let variable = env::var_os("DOCKER_URL").filter(|url| !url.is_empty());
    docker::socket(&flags, variable.as_deref()).context(
        "the demo needs an engine on this machine: give --docker-url (or DOCKER_URL) as unix:///PATH, or leave it out",
    )
}

fn become_root(built: &Built, socket: &Path, seconds: u64) -> Result<()> {
    let this = env::current_exe().context("finding the path of this program")?;
    let this = run::with_settings(Command::new(this), env::vars_os());
    let never = this.args(words(built, socket, seconds)).with_root().exec()?;
    match never {}
}

/// What this program tells itself.
fn words(built: &Built, socket: &Path, seconds: u64) -> Vec<OsString> {
    let mut url = OsString::from("unix://");
    url.push(socket);
    vec![
        "demo".into(),
        "--seconds".into(),
        seconds.to_string().into(),
        "--docker-url".into(),
        url,
        "--built-agent".into(),
        built.agent.clone().into(),
        "--built-workload".into(),
        built.workload.clone().into(),
    ]
}

/// Names of temporary files begin so: one that a kill -9 leaves behind can be told.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("balancer-demo-");
    builder
}

/// Each part removes what it made when it is dropped, also after an error or a panic; the last made goes first.
fn show(built: &Built, socket: &Path, seconds: u64) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let engine = Engine::get(socket, &interrupt)?;
    let docker = engine.docker();
    let image = Image::import(docker, &built.workload)?;
    interrupt.check()?;
    let mut agent = Agent::start(&built.agent, docker, &interrupt)?;
    let table = Duration::from_secs(seconds);
    let cast = containers::start(docker, &agent, &image, table, &interrupt)?;
    let sent = watch::watch(&mut agent, &cast, table, &interrupt)?;
    let host = cast.on_the_hosts_network();
    if let Some(line) = watch::what_docker_cannot_see(host, sent, docker.network_bytes(&host.id).as_deref()) {
        say::line(&line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{Chore, Cli};

    fn parse(words: &[OsString]) -> Result<Args, clap::Error> {
        let program = OsString::from("cargo xtask");
        match Cli::try_parse_from([&program].into_iter().chain(words))?.chore {
            Chore::Demo(args) => Ok(args),
            _ => panic!("{words:?} is another chore"),
        }
    }

    #[test]
    fn as_root_it_is_told_what_it_was_told_and_what_was_built() {
        let built = Built {
            agent: "/t/agent".into(),
            workload: "/t/work load".into(),
        };
        let args = parse(&words(&built, Path::new("/s/docker.sock"), 7)).unwrap();
        assert_eq!(args.seconds, 7);
        assert_eq!(args.built_agent.as_ref(), Some(&built.agent));
        assert_eq!(args.built_workload.as_ref(), Some(&built.workload));
        assert_eq!(socket(&args).unwrap(), Path::new("/s/docker.sock"));
    }

    #[test]
    fn an_engine_elsewhere_and_a_time_without_bounds_are_refused() {
        let demo = |flag: &str| parse(&["demo".into(), flag.into()]);
        let elsewhere = socket(&demo("--docker-url=tcp://192.0.2.1:2375").unwrap()).unwrap_err();
        assert!(elsewhere.to_string().contains("--docker-url"), "{elsewhere}");
        for flag in ["--seconds=0", "--seconds=1801", "--seconds=x", "--built-agent=/t/agent"] {
            assert!(demo(flag).is_err(), "{flag}");
        }
    }
}
