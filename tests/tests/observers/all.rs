//! `GET /containers/status`.

use std::time::{Duration, Instant};

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::cpu_sums;
use agent_tests::wait::wait_until;
use serde_json::Value;

use crate::{SEEN_DEADLINE, entry, measured};

const PATH: &str = "/containers/status";

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn one_call_tells_the_node_and_every_container_of_one_snapshot() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let _busy = docker.run(
        "web-1-5",
        &["--label", "balancer.service=shop", "--cpus", "0.2"],
        &["spin", "--threads", "1", "--seconds", "60"],
    );
    let _idle = docker.run("idle-1-7", &[], &["sleep", "--seconds", "60"]);
    let _host = docker.run("host-1-9", &["--network", "host"], &["sleep", "--seconds", "60"]);
    let all = measured(&agent, PATH, &["web-1-5", "idle-1-7", "host-1-9"]);

    let names: Vec<_> = all["containers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(
        names,
        ["host-1-9", "idle-1-7", "web-1-5"],
        "in the order of their names"
    );
    let busy = entry(&all, "web-1-5").expect("it is there");
    assert_eq!((&busy["service"], &busy["managed"]), (&"shop".into(), &false.into()));
    assert_eq!(entry(&all, "host-1-9").expect("it is there")["network_mode"], "host");

    // The rates are those of the node: containers do not use more than all CPUs were busy, and the busy one is most of it.
    let (of_containers, of_node) = cpu_sums(&all).expect("lists of containers and CPUs");
    println!("containers {of_containers:.1} %, node {of_node:.1} %");
    // ticks of 10 ms on each CPU are what the node's figure is made of
    assert!(
        of_containers <= of_node + 3.0 && of_containers > 5.0,
        "{of_containers} of {of_node}"
    );

    // The same snapshot, asked of the container alone, has the same figures.
    let again = agent.get(&format!("{PATH}?wait={}", all["seq"])).json();
    let alone = agent.get("/container/web-1-5/status").json();
    let beside = entry(&again, "web-1-5").expect("it is there");
    if alone["sampled_at_ms"] == beside["sampled_at_ms"] {
        for field in [
            "cpu",
            "memory",
            "free_memory",
            "net",
            "source",
            "counters",
            "interval_ms",
        ] {
            assert_eq!(alone[field], beside[field], "{field}");
        }
    }
    // And whoever has two can compute the rate from the counters.
    let counted = |of: &Value| {
        entry(of, "web-1-5").expect("it is there")["counters"]["cpu_ns"]
            .as_f64()
            .expect("counted")
    };
    let at = |of: &Value| {
        entry(of, "web-1-5").expect("it is there")["sampled_at_ms"]
            .as_f64()
            .expect("a time")
    };
    let computed = (counted(&again) - counted(&all)) / (at(&again) - at(&all)) / 1e4;
    let told = beside["cpu"].as_f64().expect("a rate");
    assert_eq!(again["seq"].as_u64(), all["seq"].as_u64().map(|seq| seq + 1));
    // times are told in whole milliseconds, rates to a decimal
    assert!((computed - told).abs() < 0.2, "{computed} and {told} % of a CPU");
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn callers_choose_service_window_and_newness() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "200ms"])
        .start();
    let _one = docker.run("one-1-1", &[], &["spin", "--threads", "1", "--seconds", "60"]);
    let _other = docker.run("other-1-1", &[], &["sleep", "--seconds", "60"]);
    measured(&agent, PATH, &["one-1-1", "other-1-1"]);

    let of_one = agent.get(&format!("{PATH}?service=one&window=10s")).must_be(200).json();
    let containers = of_one["containers"].as_array().expect("a list");
    assert_eq!((containers.len(), &containers[0]["name"]), (1, &"one-1-1".into()));
    let cpu = &containers[0]["window"]["cpu"];
    let [mean, p50, p95, max] = ["mean", "p50", "p95", "max"].map(|name| cpu[name].as_f64().expect("a figure"));
    assert!(p50 <= p95 && p95 <= max && mean <= max && max > 1.0, "{cpu}");
    assert_eq!(containers[0]["window"]["seconds"], 10);

    for (query, field) in [("window=2s", "window"), ("wait=x", "wait")] {
        let refused = agent.get(&format!("{PATH}?{query}"));
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (422, &field.into()),
            "{query}"
        );
    }

    // Whoever has the latest waits for the next, and whoever has none of this agent's does not wait.
    let mut seq = agent.get(PATH).json()["seq"].as_u64().expect("a number");
    let start = Instant::now();
    for _ in 0..5 {
        let next = agent.get(&format!("{PATH}?wait={seq}")).must_be(200).json()["seq"]
            .as_u64()
            .expect("a number");
        assert!(next > seq, "{next} after {seq}");
        seq = next;
    }
    let took = start.elapsed();
    assert!(
        (Duration::from_millis(700)..Duration::from_secs(3)).contains(&took),
        "{took:?} for five intervals of 200 ms"
    );
    agent.get(&format!("{PATH}?wait={}", seq + 1_000_000)).must_be(200);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_a_caller_has_is_not_sent_again_and_what_it_takes_compressed_is() {
    let docker = PrivateDocker::start();
    // one snapshot for the whole of the test
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "60s"])
        .start_without_waiting();
    let slow = wait_until("the agent to answer", SEEN_DEADLINE, || agent.try_get(PATH));
    assert_eq!(
        (slow.status, slow.header("retry-after")),
        (503, Some("1")),
        "{}",
        slow.body
    );
    drop(agent);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let ask = |headers: &str| {
        let request = format!("GET {PATH} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n");
        agent.send_raw(request.as_bytes())
    };
    let first = ask("");
    let tag = first.must_be(200).header("etag").expect("a tag").to_owned();
    assert_eq!(first.header("content-encoding"), None);
    let known = ask(&format!("If-None-Match: {tag}\r\n"));
    // a tick may have come between the two
    assert!(
        known.status == 304 && known.body.is_empty() || known.header("etag") != Some(&tag),
        "{known:?}"
    );
    for (accepted, coding) in [("gzip", "gzip"), ("gzip, zstd", "zstd")] {
        let reply = ask(&format!("Accept-Encoding: {accepted}\r\n"));
        assert_eq!(reply.must_be(200).header("content-encoding"), Some(coding));
        assert!(!reply.body.starts_with('{'), "{reply:?}");
    }
}
