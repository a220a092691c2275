//! The first seconds of a container.

use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{Container, PrivateDocker};
use jiff::Timestamp;

const LANES: usize = 4;
const CONTAINERS_A_LANE: usize = 5;
const INTERVAL: Duration = Duration::from_secs(1);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn fresh_container_says_data_not_ready_and_has_figures_within_two_intervals() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let receiver = docker.run("receiver", &[], &["udp-sink", "--port", "5202"]);
    let to = format!("{}:5202", receiver.address());
    let ready_after: Vec<Duration> = thread::scope(|scope| {
        let (docker, agent, to) = (&docker, &agent, &to);
        let start_some = |lane| {
            let numbers = 0..CONTAINERS_A_LANE;
            numbers
                .map(|number| one(docker, agent, &format!("fresh-{lane}-{number}"), to))
                .collect::<Vec<_>>()
        };
        let lanes: Vec<_> = (0..LANES).map(|lane| scope.spawn(move || start_some(lane))).collect();
        lanes
            .into_iter()
            .flat_map(|lane| lane.join().expect("each container had figures in time"))
            .collect()
    });
    println!("first figures after {ready_after:?}");
    assert_eq!(ready_after.len(), LANES * CONTAINERS_A_LANE);
}

/// Starts a container, asks for its status all the time, and gives how long after its start it had figures.
#[track_caller]
fn one(docker: &PrivateDocker, agent: &Agent, name: &str, to: &str) -> Duration {
    // what it does in its first moment counts as well: 50 x 128 B, then it rests
    let container = docker.create(name, &[], &["serve"]);
    let (answers, first_figures) = thread::scope(|scope| {
        let starting = scope.spawn(|| {
            container.start();
            container.exec(&["udp-send", "--to", to, "--count", "50", "--size", "100"]);
        });
        let seen = answers_until_figures(agent, &container);
        starting.join().expect("docker starts it");
        seen
    });
    let started_at = container.inspect("/State/StartedAt");
    let started_at: Timestamp = started_at
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("Docker tells when it started");
    let ready_after =
        Duration::try_from(first_figures.duration_since(started_at)).expect("the figures came after the start");
    assert!(answers.contains(&"data not ready".to_owned()), "{name}: {answers:?}");
    assert!(
        ready_after <= 2 * INTERVAL,
        "{name}: figures came {ready_after:?} after its start"
    );
    // Docker notes the start once it is over: the process is a little older
    assert!(
        ready_after >= INTERVAL.mul_f64(0.9),
        "{name}: figures of {ready_after:?} only"
    );
    let counters = agent.settled_network(&container.id).counters;
    assert_eq!(counters.tx(), 50 * 128, "{name}: {counters:?}");
    ready_after
}

/// The different sentences that came in place of figures, and when figures came.
#[track_caller]
fn answers_until_figures(agent: &Agent, container: &Container<'_>) -> (Vec<String>, Timestamp) {
    let deadline = Instant::now() + Duration::from_secs(15);
    let mut answers: Vec<String> = Vec::new();
    loop {
        let reply = agent.get(&format!("/container/{}/status", container.id));
        if reply.status == 200 {
            return (answers, Timestamp::now());
        }
        let sentence = reply.must_be(404).error();
        if answers.last() != Some(&sentence) {
            answers.push(sentence);
        }
        assert!(Instant::now() < deadline, "{}: no figures: {answers:?}", container.name);
        thread::sleep(Duration::from_millis(10));
    }
}
