//! The engine stops, dies, hangs and comes back, under load. The agent goes on counting and answering.

#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

mod watch;

use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{Container, PrivateDocker, image};
use agent_tests::wait::wait_until;

use watch::Watch;

const PACKETS_PER_S: u64 = 1000;
/// 972 B of payload, 8 B of UDP and 20 B of IP header.
const PACKET_BYTES: u64 = 1000;
/// Of every route once the engine answers again.
const RETURN_DEADLINE: Duration = Duration::from_secs(3);
/// What the agent may add on a machine where the engine by itself takes over a second for the same: it looks for the engine once
/// a second, and then reads what it has.
const BESIDE_THE_ENGINE: Duration = Duration::from_secs(2);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn engine_stopped_for_20_s_costs_no_byte_and_no_figure() {
    survives(40, |docker| {
        docker.terminate();
        thread::sleep(Duration::from_secs(20));
        docker.launch();
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn engine_killed_costs_no_byte_and_no_figure() {
    survives(20, |docker| {
        docker.kill();
        thread::sleep(Duration::from_secs(5));
        docker.launch();
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn engine_frozen_for_30_s_costs_no_byte_and_no_figure() {
    survives(45, |docker| {
        docker.freeze();
        thread::sleep(Duration::from_secs(30));
        docker.thaw();
        wait_until("the engine to answer", RETURN_DEADLINE, || docker.api("/_ping"));
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn containers_that_end_with_their_engine_are_seen_to_end() {
    let docker = PrivateDocker::start_with_live_restore(false);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let container = docker.run("mortal", &[], &["sleep", "--seconds", "300"]);
    agent.sample(&container.id);
    docker.terminate();
    let ended = || {
        let reply = agent.try_get(&format!("/container/{}/status", container.id))?;
        let told = reply.status == 404 && reply.body.contains("container not running");
        if told {
            Ok(())
        } else {
            Err(format!("{} {}", reply.status, reply.body))
        }
    };
    wait_until("the container's end", RETURN_DEADLINE, ended);
    docker.launch();
    wait_until("the list without it", RETURN_DEADLINE, || {
        let reply = agent.try_get("/containers")?;
        if reply.status == 200 && reply.json() == serde_json::json!([]) {
            Ok(())
        } else {
            Err(reply.body)
        }
    });
    wait_until("its end, still", RETURN_DEADLINE, ended);
    let inspected = agent.get(&format!("/container/{}", container.id)).must_be(200).json();
    assert_eq!(inspected["State"]["Running"], false);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn agent_started_before_its_engine_finds_it_when_it_comes() {
    let docker = PrivateDocker::start();
    let container = docker.run("patient", &[], &["sleep", "--seconds", "300"]);
    docker.terminate();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let status = agent.get("/status").must_be(200).json();
    assert!(
        status.get("nb_containers").is_none(),
        "Docker was never reachable: {status}"
    );
    agent.get("/containers").must_be(503).error();
    docker.launch();
    wait_until("the list", RETURN_DEADLINE, || {
        let reply = agent.try_get("/containers")?;
        if reply.status == 200 { Ok(()) } else { Err(reply.body) }
    });
    wait_until("the container's figures", RETURN_DEADLINE, || {
        agent.try_sample(&container.id)
    });
}

/// Sends for `seconds` while `outage` runs, which must be shorter.
#[track_caller]
fn survives(seconds: u64, outage: impl FnOnce(&PrivateDocker)) {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let receiver = docker.run("receiver", &[], &["udp-sink", "--port", "5202"]);
    let sender = docker.run("sender", &[], &["sleep", "--seconds", "300"]);
    let [doomed, spare] = ["doomed", "spare"].map(|name| docker.run(name, &[], &["sleep", "--seconds", "300"]));
    agent.settled_network(&sender.id);
    let (to, count) = (format!("{}:5202", receiver.address()), seconds * PACKETS_PER_S);
    let start = Instant::now();
    sender.exec_detached(&[
        "udp-send",
        "--to",
        &to,
        "--count",
        &count.to_string(),
        "--size",
        "972",
        "--rate",
        "1000",
    ]);
    sender.exec_detached(&["spin", "--threads", "1", "--seconds", &seconds.to_string()]);
    agent.samples(&sender.id, 1);

    let watch = Watch::new(&agent, &sender.id);
    thread::scope(|scope| {
        scope.spawn(|| watch.node_and_container());
        scope.spawn(|| watch.list());
        // after a panic too
        let _end = watch.end_on_drop();
        outage(&docker);
    });
    assert!(
        start.elapsed() < Duration::from_secs(seconds),
        "the load ended before the engine was back"
    );
    watch.report();
    let (created_id, took) = all_routes_right(&agent, &sender, &doomed);
    let own = without_the_agent(&docker, &spare);
    println!("created and removed {took:?} behind the engine's return; by itself it takes {own:?}");
    assert!(
        took <= RETURN_DEADLINE.max(own + BESIDE_THE_ENGINE),
        "{took:?}, {own:?}"
    );
    let is_running = ["inspect", "--format", "{{.State.Running}}", &created_id];
    assert_eq!(docker.cli(&is_running), "true");
    let all = docker.cli(&["ps", "--all", "--no-trunc", "--format", "{{.ID}}"]);
    assert!(!all.contains(&doomed.id), "{all}");

    let rest = Duration::from_secs(seconds).saturating_sub(start.elapsed());
    wait_until("all bytes to be sent", rest + Duration::from_secs(10), || {
        let bytes = agent.try_sample(&sender.id)?.counters.tx();
        if bytes >= count * PACKET_BYTES {
            Ok(())
        } else {
            Err(format!("{bytes} sent"))
        }
    });
    assert_eq!(
        agent.settled_network(&sender.id).counters.tx(),
        count * PACKET_BYTES,
        "no byte lost or doubled"
    );
}

/// Every route that needs the engine, all asked at once: those that read are right within [`RETURN_DEADLINE`]. The id of what
/// was created, and when that was done and `doomed` was gone.
#[track_caller]
fn all_routes_right(agent: &Agent, sender: &Container<'_>, doomed: &Container<'_>) -> (String, Duration) {
    let back = Instant::now();
    let (read, created, removed) = thread::scope(|scope| {
        let read = scope.spawn(|| {
            wait_until("the list with the container", RETURN_DEADLINE, || {
                let reply = agent.try_get("/containers")?;
                let listed = reply.status == 200 && reply.body.contains(&sender.id);
                if listed {
                    Ok(())
                } else {
                    Err(format!("{} {}", reply.status, reply.body))
                }
            });
            agent.get(&format!("/container/{}", sender.id)).must_be(200);
            agent.get(&format!("/container/{}/status", sender.id)).must_be(200);
            back.elapsed()
        });
        let created = scope.spawn(|| {
            let form = format!("image={}&service=after", image::WORKLOAD);
            let created = agent.create(&form).must_be(201).json();
            (created["Id"].as_str().expect("an id").to_owned(), back.elapsed())
        });
        let removed = scope.spawn(|| {
            agent
                .delete(&format!("/container/{}?timeout=0", doomed.id))
                .must_be(204);
            back.elapsed()
        });
        let ended = "its route was right";
        (
            read.join().expect(ended),
            created.join().expect(ended),
            removed.join().expect(ended),
        )
    });
    let (created_id, created) = created;
    println!("behind the engine's return: read {read:?}, created {created:?}, removed {removed:?}");
    assert!(read <= RETURN_DEADLINE, "{read:?}");
    (created_id, created.max(removed))
}

/// How long the engine takes for the same when it is asked directly. What else the machine does slows both.
#[track_caller]
fn without_the_agent(docker: &PrivateDocker, spare: &Container<'_>) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| docker.run("own", &[], &["serve"]));
        scope.spawn(|| docker.cli(&["rm", "--force", &spare.id]));
    });
    start.elapsed()
}
