//! Containers that are gone almost as soon as they are there.

use std::thread;
use std::time::Duration;

use agent_tests::accuracy::{Scenario, Unit};
use agent_tests::docker::PrivateDocker;

use super::{exactly, payload_and, start_agent};

const CONTAINERS: usize = 100;
const LANES: usize = 4;
const BYTES: u64 = 1 << 20;
const LIFE: Duration = Duration::from_secs(15);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn containers_that_live_for_a_moment_are_counted() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let (to, bytes) = (format!("{}:5201", sink.address()), BYTES.to_string());
    let words = ["tcp-send", "--to", &to, "--bytes", &bytes, "--then-ms", "400"];
    let one = |number: usize| {
        let container = docker.run(&format!("brief-{number}"), &["--rm"], &words);
        let mut last = None;
        let end = std::time::Instant::now() + LIFE;
        while std::time::Instant::now() < end {
            match agent.try_sample(&container.id) {
                Ok(sample) => last = Some(sample.counters.tx()),
                // it has been seen, and has gone
                Err(_) if last.is_some() => break,
                Err(_) => {}
            }
            thread::sleep(Duration::from_millis(20));
        }
        last.unwrap_or(0)
    };
    let mut told = Vec::new();
    let [received] = agent.moved([&sink], || {
        told = thread::scope(|scope| {
            let lanes = (0..LANES).map(|lane| {
                let one = &one;
                let of_lane = move || (lane..CONTAINERS).step_by(LANES).map(one).collect::<Vec<u64>>();
                scope.spawn(of_lane)
            });
            let lanes: Vec<_> = lanes.collect();
            lanes
                .into_iter()
                .flat_map(|lane| lane.join().expect("it samples"))
                .collect()
        });
    });
    let lost = agent.get("/status").json()["agent"]["lost_updates"].as_u64();
    let all = CONTAINERS as u64 * BYTES;
    let complete = told.iter().filter(|bytes| **bytes >= BYTES).count() as u64;
    let mut scenario = Scenario::new(
        "19",
        "100 containers that each send 1 MiB, stay for 0.4 s and are removed",
    );
    scenario.counter("received by the sink", received.rx, Unit::Bytes, payload_and(all, 0.5));
    scenario.counter(
        "containers told with all that they sent",
        complete,
        Unit::Count,
        exactly(CONTAINERS as u64),
    );
    scenario.counter(
        "sum of what was told last of each",
        told.iter().sum(),
        Unit::Bytes,
        payload_and(all, 0.5),
    );
    scenario.counter(
        "updates lost",
        lost.expect("the agent tells it"),
        Unit::Count,
        exactly(0),
    );
    scenario.finish();
}
