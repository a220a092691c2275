//! `GET /containers/events`.

use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::AgentCommand;
use agent_tests::command;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::process;
use agent_tests::wait::wait_until;

use crate::stream::EventStream;

const DEADLINE: Duration = Duration::from_secs(30);

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
fn a_container_that_wants_more_memory_than_it_may_have_is_told() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let mut events = EventStream::open(&agent.address, None);
    let busybox = command::find_program("busybox").expect("setup has installed it");
    let mounted = format!("{}:/busybox:ro", busybox.display());
    let limits = ["--memory", "16m", "--memory-swap", "16m"];
    let words = [
        "run",
        "--detach",
        "--name",
        "hungry",
        "--volume",
        &mounted,
        "--entrypoint",
        "/busybox",
    ];
    // it goes with its engine; each time it has run for long enough to be measured
    let eats = ["sh", "-c", "/busybox sleep 3; exec /busybox tail /dev/zero"];
    docker.cli(&[&words[..], &limits, &["--restart", "always", image::WORKLOAD], &eats].concat());
    let seen = events.until("oom", "hungry");
    assert!(seen.iter().any(|event| event.kind == "started"), "{seen:?}");
    events.until("died", "hungry");
    wait_until("the metric of its next run to count it", DEADLINE, || {
        let text = agent.get("/metrics").body;
        let mut told = text
            .lines()
            .filter(|line| line.starts_with("container_oom_events_total{"));
        let told = told.find(|line| line.contains("name=\"hungry\""));
        let count = told.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        if count >= Some(1.0) {
            Ok(())
        } else {
            Err(format!("{told:?}"))
        }
    });
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

/// For how long containers come and go; by hand `BALANCER_EVENTS_SECONDS=300`.
fn churn_time() -> Duration {
    let given = std::env::var("BALANCER_EVENTS_SECONDS").ok();
    Duration::from_secs(given.map_or(20, |text| text.parse().expect("a number of seconds")))
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn two_hundred_readers_cost_little_and_those_that_stall_hold_up_nobody() {
    const READERS: usize = 180;
    const STALLED: usize = 20;
    const MOST_GROWTH_KIB: u64 = 10_000;
    let docker = PrivateDocker::start();
    // ten times as many events as there usually are
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "100ms"])
        .start();
    let before_kib = process::rss_kib(agent.pid);
    let _stalled: Vec<_> = (0..STALLED).map(|_| EventStream::open(&agent.address, None)).collect();
    let readers: Vec<_> = (0..READERS).map(|_| EventStream::open(&agent.address, None)).collect();
    let mut most_kib = 0;
    let counts: Vec<usize> = thread::scope(|scope| {
        let readers: Vec<_> = readers
            .into_iter()
            .map(|mut reader| scope.spawn(move || read_in_order_until_the_marker(&mut reader)))
            .collect();
        let start = Instant::now();
        let mut rounds = 0;
        while start.elapsed() < churn_time() {
            docker.run("churned", &[], &["sleep", "--seconds", "60"]).remove();
            most_kib = most_kib.max(process::rss_kib(agent.pid));
            rounds += 1;
        }
        let _marker = docker.run("marker", &[], &["sleep", "--seconds", "60"]);
        let counts = readers
            .into_iter()
            .map(|reader| reader.join().expect("no reader misses one"));
        let counts = counts.collect();
        println!("{rounds} containers came and went");
        counts
    });
    agent.get("/status").must_be(200);
    let fewest = counts.iter().min().expect("there are readers");
    println!(
        "{READERS} readers of {fewest} events and more, {STALLED} stalled: {before_kib} KiB before, {most_kib} at most"
    );
    assert!(*fewest >= 100, "{fewest}");
    assert!(
        most_kib < before_kib + MOST_GROWTH_KIB,
        "{before_kib} KiB, then {most_kib}"
    );
}

/// How many events a reader got, each with the number after that of the one before.
#[track_caller]
fn read_in_order_until_the_marker(reader: &mut EventStream) -> usize {
    let mut last: Option<u64> = None;
    let mut count = 0;
    loop {
        let event = reader.next();
        let id = event.id.as_deref().unwrap_or_else(|| panic!("{event:?}"));
        let number = id.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
        let number: u64 = number.unwrap_or_else(|| panic!("{id} ends with no number"));
        assert!(last.is_none_or(|last| number == last + 1), "{number} after {last:?}");
        last = Some(number);
        count += 1;
        if event.kind == "started" && event.data["name"] == "marker" {
            return count;
        }
    }
}
