//! Requests of every shape: whatever comes, the reply is one that docs/api.md names, and the agent lives.

use std::collections::BTreeMap;

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;

use crate::random::Random;

const REQUESTS: usize = 20_000;
/// What docs/api.md names for Docker's failures; any other code from 500 on is a failure of the agent.
const NAMED_FAILURES: [u16; 3] = [502, 503, 504];

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn twenty_thousand_random_requests_get_replies_that_the_contract_names() {
    let docker = PrivateDocker::start();
    let container = docker.run("bystander", &[], &["sleep", "--seconds", "1200"]);
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--pull", "never", "--managed-only"])
        .start();
    let before = docker.inventory();
    let mut random = Random::new();
    let mut codes: BTreeMap<u16, usize> = BTreeMap::new();
    for _ in 0..REQUESTS {
        let request = request(&mut random, &container.id);
        let reply = agent.send_raw(&request);
        *codes.entry(reply.status).or_default() += 1;
        assert!(
            reply.status < 500 || NAMED_FAILURES.contains(&reply.status),
            "{} {} to {}",
            reply.status,
            reply.body,
            String::from_utf8_lossy(&request)
        );
    }
    println!("{codes:?}");
    assert!(agent.ended().is_none());
    agent.get(&format!("/container/{}/status", container.id)).must_be(200);
    for code in [200, 400, 404, 405, 413, 415, 422] {
        assert!(
            codes.contains_key(&code),
            "{code} never came: what is sent is not of every shape"
        );
    }
    assert!(!agent.log().contains("panicked"), "{}", agent.log());
    assert_eq!(docker.inventory(), before);
}

fn request(random: &mut Random, id: &str) -> Vec<u8> {
    let method = random.pick(&[
        "GET", "GET", "POST", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "get", "X",
    ]);
    let known = [
        "/status",
        "/containers",
        "/containers",
        "/container/",
        "/livez",
        "/readyz",
        "/",
        "/page/main.js",
        "*",
        "//",
        "/container/x/status",
        "/containers/status",
        "/containers/events/",
        "/metrics",
        "/openapi.json",
        "/status/history",
    ];
    let mut target = random.pick(&known).to_owned();
    if target.ends_with("container/") {
        let odd = random.text(&["abcd", "..", "%2f", "%00", "bystander", "%"], "%2f");
        target.push_str(random.pick(&[id, &id[..12], "bystander", "absent", &odd]));
        target.push_str(random.pick(&["", "/status", "/history", "/", "/status/x"]));
        // what runs is to go on running
        if method == "DELETE" && target.contains("bystander") {
            target.push('x');
        }
    }
    target.push_str(random.pick(&[
        "",
        "",
        "?service=web",
        "?service=%00",
        "?timeout=0",
        "?timeout=-1",
        "?a=b&a=c",
        "?%ff",
        "?&&==",
        "?window=60s",
        "?window=0",
        "?wait=-1",
        "?service=absent&window=300s",
    ]));
    let body = body(random);
    let content_type = random.pick(&[
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        "",
        "a/b; c=\"",
    ]);
    let extra = random.pick(&[
        "",
        "",
        "",
        "Content-Encoding: gzip\r\n",
        "Range: bytes=0-1\r\n",
        "Upgrade: h2c\r\nConnection: upgrade\r\n",
        "Origin: null\r\n",
        "X-Request-Id: a b\r\n",
        "Authorization: Bearer x\r\n",
        "Accept: application/openmetrics-text\r\n",
        "Accept-Encoding: zstd, gzip\r\n",
        "If-None-Match: \"\r\n",
        "Last-Event-ID: x\r\n",
    ]);
    let version = random.pick(&[
        "1.1", "1.1", "1.1", "1.1", "1.1", "1.1", "1.1", "1.1", "1.0", "1.0", "2.0", "9.9",
    ]);
    let host = random.pick(&[
        "127.0.0.1",
        "127.0.0.1",
        "127.0.0.1",
        "[::1]:5000",
        "localhost",
        "LOCALHOST:80",
        "localhost",
        "evil.example",
        "\u{7f}",
    ]);
    let head = format!(
        "{method} {target} HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {content_type}\r\n{extra}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend(body);
    request
}

fn body(random: &mut Random) -> Vec<u8> {
    let fragments = [
        "image",
        "=",
        "&",
        "service",
        "web",
        "port",
        "80",
        "%",
        "{",
        "}",
        "\"",
        ":",
        ",",
        "[",
        "]",
        "null",
        "1e999",
        "--x",
        "\r\n",
        "absent:1",
        "Content-Disposition: form-data; name=\"image\"",
        "\\u0000",
    ];
    match random.below(8) {
        0 => Vec::new(),
        1 => b"image=absent&service=web".to_vec(),
        2 => br#"{"image":"absent","service":"web","port":8080}"#.to_vec(),
        3 => vec![b'a'; 17 * 1024],
        4 => (0..random.below(200))
            .map(|_| u8::try_from(random.below(256)).unwrap_or(0))
            .collect(),
        _ => random.text(&fragments, "=").into_bytes(),
    }
}
