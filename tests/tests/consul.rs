//! The agent in Consul: there when it is ready, there again when Consul has forgotten it, gone when it stops; and never
//! waiting for Consul. Against a server that follows Consul's published API: Consul itself is in no Debian after 11. With that one it was tried by
//! hand (docs/deploy.md).

use std::fs;
use std::time::Duration;

use agent_tests::agent::{AgentCommand, free_port};
use agent_tests::fake_consul::{FakeConsul, Service};
use agent_tests::fake_docker::{Answer, FakeDocker};
use agent_tests::process::Signal;
use agent_tests::wait::{wait_until, wait_until_true};

const TOKEN: &str = "consul-0123";
/// The agent tries again after 10 s at the latest, and renews every 10 s.
const HEARD: Duration = Duration::from_secs(25);
const END: Duration = Duration::from_secs(10);

#[test]
fn the_agent_is_registered_when_ready_renewed_and_taken_off_when_it_stops() {
    let docker = FakeDocker::start(|_| Answer::Reply(200, "[]".to_owned()));
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let token_file = dir.path().join("token");
    fs::write(&token_file, "wrong\n").expect("the directory is ours");
    let port = free_port();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker", "--consul", &format!("http://127.0.0.1:{port}")])
        .args(&["--consul-token-file", &token_file.display().to_string()])
        .start();
    agent.get("/status").must_be(200);
    println!("serves while there is no Consul");

    let consul = FakeConsul::start(port, TOKEN);
    wait_until_true("a call with the wrong token", HEARD, || consul.refused() > 0);
    assert!(consul.services().is_empty());
    fs::write(&token_file, format!("{TOKEN}\n")).expect("the directory is ours");
    let (id, service) = registered(&consul, |service| service.passes > 0);
    println!("{id}: {}", service.definition);
    let agents_port: u16 = agent
        .address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("a port");
    assert_eq!(service.definition["Name"], "agent");
    assert_eq!(service.definition["Port"], agents_port);

    registered(&consul, |service| service.passes > 1);
    consul.forget_all();
    let (again, _) = registered(&consul, |service| service.passes > 0);
    assert_eq!(again, id);

    agent.signal(Signal::TERM);
    assert!(agent.wait_for_end(END).success());
    assert!(consul.services().is_empty(), "{:?}", consul.services());
    let log = agent.log();
    let complaints = log
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("Consul"))
        .count();
    assert!(complaints <= 2, "it complains of what has changed and no more:\n{log}");
}

#[track_caller]
fn registered(consul: &FakeConsul, fits: impl Fn(&Service) -> bool) -> (String, Service) {
    wait_until("the agent in Consul", HEARD, || {
        let services = consul.services();
        let found = services.iter().find(|(_, service)| fits(service));
        found
            .map(|(id, service)| (id.clone(), service.clone()))
            .ok_or_else(|| format!("{services:?}"))
    })
}
