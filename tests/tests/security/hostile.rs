//! Requests that mean harm: refused, and Docker hears of none.

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{PrivateDocker, image};

use crate::random::Random;

/// Ids and names that are made up, of each kind.
const MADE_UP: u64 = 5000;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn requests_of_web_pages_are_refused_and_docker_hears_nothing() {
    all_refused(|requests| {
        let Requests { own, .. } = requests;
        let (post, delete) = (
            |headers: &str| requests.post(headers),
            |headers: &str| requests.delete(headers),
        );
        vec![
            (
                "another site",
                403,
                post(&format!("{own}\r\nOrigin: https://evil.example")),
            ),
            ("no origin", 403, post(&format!("{own}\r\nOrigin: null"))),
            (
                "as newer browsers say",
                403,
                post(&format!("{own}\r\nSec-Fetch-Site: cross-site")),
            ),
            (
                "the same machine",
                403,
                post(&format!("{own}\r\nSec-Fetch-Site: same-site")),
            ),
            (
                "one that deletes",
                403,
                delete(&format!("{own}\r\nOrigin: https://evil.example")),
            ),
            ("a name that points here", 421, post("Host: rebind.example:5000")),
            (
                "a name that points here, of one origin",
                421,
                post("Host: rebind.example\r\nOrigin: http://rebind.example\r\nSec-Fetch-Site: same-origin"),
            ),
            (
                "a name that ends as ours",
                421,
                delete("Host: node-7.example.evil.example"),
            ),
        ]
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn requests_whose_name_or_end_is_in_doubt_are_refused_and_docker_hears_nothing() {
    all_refused(|requests| {
        let Requests { own, .. } = requests;
        let (post, chunks) = (
            |headers: &str| requests.post(headers),
            |headers: &str| requests.chunks(headers),
        );
        let in_line = format!("http://evil.example{}", requests.path);
        vec![
            ("no name", 400, post("X-Nothing: 1")),
            ("two names", 400, requests.delete(&format!("{own}\r\n{own}"))),
            ("another name in the line", 421, without_body("DELETE", &in_line, own)),
            ("two lengths", 400, post(&format!("{own}\r\nContent-Length: 5"))),
            (
                "chunks, then a length",
                400,
                chunks("Transfer-Encoding: chunked\r\nContent-Length: 4"),
            ),
            (
                "a length, then chunks",
                400,
                chunks("Content-Length: 4\r\nTransfer-Encoding: chunked"),
            ),
            ("chunks of chunks", 400, chunks("Transfer-Encoding: chunked, identity")),
            (
                "a length that is none",
                400,
                post(&format!("{own}\r\nContent-Length: +5")),
            ),
            (
                "a space before the colon",
                400,
                post(&format!("{own}\r\nContent-Length : 5")),
            ),
            ("a header over two lines", 400, post(&format!("{own}\r\nX-A: b\r\n c"))),
            // what is smuggled behind such a request is not read
            (
                "a second request behind",
                400,
                format!(
                    "{}{}",
                    chunks("Transfer-Encoding: chunked\r\nContent-Length: 4"),
                    requests.delete(own)
                ),
            ),
        ]
    });
}

/// A head is judged by its own bytes, not by those of a body that came before it on the connection.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_body_before_a_head_neither_damns_nor_hides_it() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker"])
        .start();
    let first_call = docker.calls().len();
    let head = format!(
        "POST /containers HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded",
        agent.address
    );
    let with_length = |body: &str| format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let in_chunks = |more: &str| format!("{head}{more}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n");

    // neither names an image, which is seen only by who reads its body
    let fine = [with_length("a=b"), in_chunks("")];
    let codes = |requests: &[String]| {
        let replies = agent.send_in_turn(requests);
        replies.iter().map(|reply| reply.status).collect::<Vec<_>>()
    };
    assert_eq!(codes(&fine), [422, 422], "chunks after a length");

    let like_a_head = "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let hidden = [with_length(like_a_head), in_chunks("\r\nContent-Length: 3")];
    assert_eq!(
        codes(&hidden),
        [422, 400],
        "both a length and chunks, after a body that looks like a head"
    );

    let asked_first = format!("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", agent.address);
    let in_two = [
        format!("{asked_first}{head}\r\nContent-Length: 3\r\n"),
        "Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n".to_owned(),
    ];
    assert_eq!(codes(&in_two), [200, 400], "the length came with the request before");
    let strange = docker.strange_calls(first_call);
    assert!(strange.is_empty(), "Docker was asked for {strange:?}");
}

/// Requests that would create or delete a container if they were let through.
struct Requests {
    /// The right `Host`.
    own: String,
    form: String,
    /// A container that runs.
    path: String,
}

impl Requests {
    fn post(&self, headers: &str) -> String {
        let (form, length) = (&self.form, self.form.len());
        let typed = "Connection: close\r\nContent-Type: application/x-www-form-urlencoded";
        format!("POST /containers HTTP/1.1\r\n{headers}\r\n{typed}\r\nContent-Length: {length}\r\n\r\n{form}")
    }

    fn chunks(&self, headers: &str) -> String {
        let (form, length, own) = (&self.form, self.form.len(), &self.own);
        let typed = "Content-Type: application/x-www-form-urlencoded";
        format!("POST /containers HTTP/1.1\r\n{own}\r\n{typed}\r\n{headers}\r\n\r\n{length:x}\r\n{form}\r\n0\r\n\r\n")
    }

    fn delete(&self, headers: &str) -> String {
        without_body("DELETE", &self.path, headers)
    }
}

fn without_body(method: &str, target: &str, headers: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n")
}

#[track_caller]
fn all_refused(list: impl FnOnce(&Requests) -> Vec<(&'static str, u16, String)>) {
    let docker = PrivateDocker::start();
    let container = docker.run("bystander", &[], &["sleep", "--seconds", "600"]);
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker", "--allowed-host", "node-7.example"])
        .start();
    let before = docker.inventory();
    let first_call = docker.calls().len();
    let requests = Requests {
        own: format!("Host: {}", agent.address),
        form: format!("image={}&service=web", image::WORKLOAD),
        path: format!("/container/{}", container.id),
    };
    for (what, expected, request) in list(&requests) {
        let reply = agent.send_raw(request.as_bytes());
        println!("{what}: {}", reply.status);
        assert_eq!(reply.status, expected, "{what}: {}", reply.body);
        assert!(
            !reply.body.contains("HTTP/1.1"),
            "{what}: a second reply: {}",
            reply.body
        );
    }
    agent.get("/status").must_be(200);
    let strange = docker.strange_calls(first_call);
    assert!(strange.is_empty(), "Docker was asked for {strange:?}");
    assert_eq!(docker.inventory(), before);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn ids_and_names_from_a_fuzzer_reach_docker_as_nothing() {
    let docker = PrivateDocker::start();
    let _container = docker.run("bystander", &[], &["sleep", "--seconds", "600"]);
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker", "--pull", "never"])
        .start();
    let before = docker.inventory();
    let first_call = docker.calls().len();
    let mut random = Random::new();
    for _ in 0..MADE_UP {
        hostile_id(&agent, &mut random);
        hostile_service(&agent, &mut random);
    }
    let strange = docker.strange_calls(first_call);
    assert!(strange.is_empty(), "Docker was asked for {strange:?}");
    assert_eq!(docker.inventory(), before);
}

fn hostile_id(agent: &Agent, random: &mut Random) {
    const FRAGMENTS: [&str; 24] = [
        "..",
        "%2e%2e",
        "%2f",
        "%2F",
        "/",
        "%5c",
        "\\",
        "%00",
        "%0a",
        "%0d%0a",
        "%3f",
        "%23",
        "%26",
        "%25",
        "%ff",
        "%c3%28",
        "bystander",
        "json",
        "containers",
        "images",
        "abcd",
        "0123456789abcdef",
        "%E2%80%AE",
        "%",
    ];
    let id = random.text(&FRAGMENTS, "%2f..%3f");
    let method = ["GET", "DELETE", "GET"][random.below(3)];
    let tail = ["", "", "/status"][random.below(3)];
    let request = format!("{method} /container/{id}{tail} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    let reply = agent.send_raw(request.as_bytes());
    assert!(
        matches!(reply.status, 400 | 404 | 405),
        "{method} {id}: {} {}",
        reply.status,
        reply.body
    );
}

fn hostile_service(agent: &Agent, random: &mut Random) {
    const FRAGMENTS: [&str; 16] = [
        "web",
        "..",
        "%2F",
        "%00",
        "%0A",
        "%20",
        "-",
        "_",
        "%7B",
        "%24%28id%29",
        "%22",
        "%27",
        "%3B",
        "%C3%A9",
        "--privileged",
        "%25",
    ];
    let service = random.text(&FRAGMENTS, "%2F");
    let reply = agent.create(&format!("image={}&service={service}", image::WORKLOAD));
    assert_eq!(reply.status, 422, "{service}: {}", reply.body);
}
