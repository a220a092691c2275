//! Ids that are none: the agent finds that out by itself, Docker never hears of them.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn ids_that_are_none_reach_docker_as_nothing() {
    let docker = PrivateDocker::start();
    let _container = docker.run("bystander", &[], &["sleep", "--seconds", "120"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let before = docker.inventory();
    let first_call = docker.calls().len();
    let long = "a".repeat(5000);
    let ids = [
        "..%2F..%2Fimages%2Fx",
        "..%2f..%2fcontainers%2fjson",
        "%2e%2e%2Fimages",
        "bystander%3Fforce=1",
        "%3Fall=1",
        "bystander%23",
        "%23",
        "bystander%00",
        "%00",
        "bystander%0Aimages",
        "%ff%fe",
        &long,
    ];
    for id in ids {
        let path = format!("/container/{id}");
        for request in [
            format!("GET {path}"),
            format!("GET {path}/status"),
            format!("DELETE {path}"),
        ] {
            let reply = agent.send_raw(format!("{request} HTTP/1.0\r\nHost: agent\r\n\r\n").as_bytes());
            let shown = &request[..request.len().min(60)];
            assert!(
                matches!(reply.status, 400 | 404),
                "{shown}: {} {}",
                reply.status,
                reply.body
            );
            reply.error();
        }
    }
    // unescaped, as no proper client would send them
    for id in ["../../images/x", "a\0b", "..", "\u{7f}", " "] {
        let reply = agent.send_raw(format!("DELETE /container/{id} HTTP/1.0\r\nHost: agent\r\n\r\n").as_bytes());
        assert!(
            matches!(reply.status, 400 | 404 | 405),
            "{id:?}: {} {}",
            reply.status,
            reply.body
        );
    }
    for prefix in ["a", "ab", "abc"] {
        agent.get(&format!("/container/{prefix}")).must_be(404);
    }
    let calls = docker.calls();
    let strange: Vec<_> = calls[first_call..].iter().filter(|call| !is_routine(call)).collect();
    assert!(strange.is_empty(), "Docker was asked for {strange:?}");
    assert_eq!(docker.inventory(), before);
}

/// What the agent asks Docker by itself, and what this test's own look at the inventory asks.
fn is_routine(call: &str) -> bool {
    let (method, target) = call.split_once(' ').unwrap_or((call, ""));
    let path = target.split('?').next().unwrap_or(target);
    let path = path
        .strip_prefix("/v1.")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or(path);
    let of_container = |path: &str| {
        let id = path
            .strip_prefix("/containers/")
            .and_then(|rest| rest.strip_suffix("/json"));
        id.is_some_and(|id| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let routine = [
        "/_ping",
        "/version",
        "/info",
        "/events",
        "/containers/json",
        "/volumes",
        "/networks",
        "/images/json",
    ];
    matches!(method, "GET" | "HEAD") && (routine.contains(&path) || of_container(path))
}
