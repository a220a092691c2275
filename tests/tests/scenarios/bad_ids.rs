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
            let reply = agent.send_raw(format!("{request} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes());
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
        let reply = agent.send_raw(format!("DELETE /container/{id} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes());
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
    let strange = docker.strange_calls(first_call);
    assert!(strange.is_empty(), "Docker was asked for {strange:?}");
    assert_eq!(docker.inventory(), before);
}
