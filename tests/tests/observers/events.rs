//! `GET /containers/events`.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;

use crate::stream::EventStream;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_happens_to_containers_is_told_as_it_happens() {
    let docker = PrivateDocker::start();
    let before = docker.run("before", &[], &["sleep", "--seconds", "60"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    crate::measured(&agent, "/containers/status", &["before"]);
    let mut events = EventStream::open(&agent.address, None);

    let container = docker.run("first", &[], &["sleep", "--seconds", "60"]);
    let started = events.until("started", "first");
    assert_eq!(started.len(), 1, "what ran before is no event: {started:?}");
    assert_eq!(started[0].data["id"], *container.id);
    docker.cli(&["rename", "first", "second"]);
    let renamed = events.until("renamed", "second");
    assert_eq!(renamed.last().expect("it was told").data["old_name"], "first");
    docker.cli(&["kill", "second"]);
    let died = events.until("died", "second");
    let last = died
        .last()
        .and_then(|event| event.id.clone())
        .expect("an event has an id");
    drop(container);

    // Whoever was away meanwhile comes back and has missed nothing.
    docker.cli(&["kill", "before"]);
    let mut later = EventStream::open(&agent.address, None);
    drop(before);
    let _third = docker.run("third", &[], &["sleep", "--seconds", "60"]);
    later.until("started", "third");
    let mut resumed = EventStream::open(&agent.address, Some(&last));
    let kinds: Vec<_> = resumed
        .until("started", "third")
        .iter()
        .map(|event| format!("{} {}", event.kind, event.data["name"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(kinds, ["died before", "started third"]);

    // And who comes with an id of another agent learns that nobody knows what is lost.
    let mut stranger = EventStream::open(&agent.address, Some("1-1"));
    let first = stranger.next();
    assert_eq!((first.kind.as_str(), first.data["events"].is_null()), ("lost", true));
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn each_snapshot_is_told_once_and_in_its_order() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "100ms"])
        .start();
    let mut events = EventStream::open(&agent.address, None);
    let mut last = None;
    for _ in 0..30 {
        let event = events.next();
        assert_eq!(event.kind, "snapshot");
        let seq = event.data["seq"].as_u64().expect("a number");
        assert!(last.is_none_or(|last| seq == last + 1), "{seq} after {last:?}");
        last = Some(seq);
    }
}
