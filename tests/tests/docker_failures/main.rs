//! An engine that answers wrongly or not at all: the caller gets the right code in time, the agent lives on and
//! does not spin. Needs no root and no Docker: a fake one fails on demand.

#![expect(clippy::expect_used, reason = "a check that cannot go on has failed")]

mod changed;
mod stuck;

use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::fake_docker::{Answer, FakeDocker};
use agent_tests::wait::wait_until;

/// Of a route that needs the engine.
const ANSWER_DEADLINE: Duration = Duration::from_secs(6);

#[test]
fn list_that_is_not_json_is_502() {
    let (_fake, agent) = agent_before(|| Answer::Reply(200, "<html>proxy error</html>".to_owned()));
    agent.get("/containers").must_be(502).error();
    still_serves(&agent);
}

#[test]
fn list_of_another_shape_is_502() {
    for body in [r#"{"Id": "x"}"#, r#"[{"Id": 7}]"#, r#"["x"]"#, "null"] {
        let (_fake, agent) = agent_before(|| Answer::Reply(200, body.to_owned()));
        let reply = agent.get("/containers");
        assert_eq!(reply.status, 502, "{body}: {}", reply.body);
        still_serves(&agent);
    }
}

#[test]
fn reply_that_is_not_http_is_502() {
    let (_fake, agent) = agent_before(|| Answer::Raw("220 mail.example ESMTP\r\n"));
    agent.get("/containers").must_be(502).error();
    still_serves(&agent);
}

#[test]
fn error_of_the_engine_is_502_with_its_own_words() {
    let message = r#"{"message": "the moon is in the wrong house"}"#;
    let (_fake, agent) = agent_before(|| Answer::Reply(500, message.to_owned()));
    let sentence = agent.get("/containers").must_be(502).error();
    assert!(sentence.contains("wrong house"), "{sentence}");
    still_serves(&agent);
}

#[test]
fn engine_that_never_answers_is_504_in_time() {
    let (_fake, agent) = agent_before(|| Answer::Silence);
    let start = Instant::now();
    agent.get("/containers").must_be(504).error();
    assert!(start.elapsed() < ANSWER_DEADLINE, "{:?}", start.elapsed());
    still_serves(&agent);
}

#[test]
fn half_a_reply_is_not_a_reply() {
    let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{\"Id\":";
    let (_fake, agent) = agent_before(|| Answer::Raw(half));
    let reply = agent.get("/containers");
    assert!(matches!(reply.status, 502 | 503), "{} {}", reply.status, reply.body);
    still_serves(&agent);
}

#[test]
fn engine_that_hangs_up_is_retried_with_patience() {
    retried_with_patience(|| Answer::Close);
}

#[test]
fn engine_that_answers_nonsense_is_retried_with_patience() {
    retried_with_patience(|| Answer::Reply(200, "42".to_owned()));
}

/// Everything fails at once: the agent neither ends nor hammers.
#[track_caller]
fn retried_with_patience(failure: impl Fn() -> Answer + Send + Sync + 'static) {
    let fake = FakeDocker::start(move |_| failure());
    let agent = AgentCommand::for_docker(&fake.url())
        .args(&["--source", "docker"])
        .start();
    wait_until("a second try", Duration::from_secs(15), || {
        let tries = fake.requests().len();
        if tries >= 2 {
            Ok(())
        } else {
            Err(format!("{tries} requests"))
        }
    });
    let (before, window) = (fake.requests().len(), Duration::from_secs(5));
    thread::sleep(window);
    let tries = fake.requests().len() - before;
    assert!(tries <= 50, "{tries} requests in {window:?}");
    still_serves(&agent);
}

/// An agent that has found its engine well, but for the list that its callers ask for.
#[track_caller]
fn agent_before(list: impl Fn() -> Answer + Send + Sync + 'static) -> (FakeDocker, Agent) {
    agent_before_engine(move |request| (path_of(request) == "/containers/json").then(&list))
}

/// An agent before an engine that is well, but for what `answer` says.
#[track_caller]
fn agent_before_engine(answer: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> (FakeDocker, Agent) {
    let fake = FakeDocker::start(move |request| {
        answer(request).unwrap_or_else(|| match path_of(request) {
            "/_ping" => Answer::Reply(200, "OK".to_owned()),
            "/version" => Answer::Reply(200, r#"{"Version": "20.10.24", "ApiVersion": "1.41"}"#.to_owned()),
            "/info" => Answer::Reply(200, "{}".to_owned()),
            "/events" => Answer::Silence,
            "/containers/json" => Answer::Reply(200, "[]".to_owned()),
            _ => Answer::Reply(404, r#"{"message": "page not found"}"#.to_owned()),
        })
    });
    let agent = AgentCommand::for_docker(&fake.url())
        .args(&["--source", "docker"])
        .start();
    (fake, agent)
}

/// Without the version in front and the query behind.
fn path_of(request: &str) -> &str {
    let target = request.split_once(' ').map_or(request, |(_, target)| target);
    let path = target.split('?').next().unwrap_or(target);
    let unversioned = path
        .strip_prefix("/v1.")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    unversioned.unwrap_or(path)
}

#[track_caller]
fn still_serves(agent: &Agent) {
    agent.get("/status").must_be(200);
    assert!(agent.ended().is_none(), "{}", agent.log());
}
