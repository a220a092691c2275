//! An engine that is well but for one thing which never ends: nobody else waits for that, and nothing is left of it.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent_tests::agent::Agent;
use agent_tests::fake_docker::{Answer, FakeDocker};
use agent_tests::process::open_files;
use agent_tests::wait::{wait_until, wait_until_true};
use serde_json::json;

use crate::{agent_before_engine, path_of};

const DEADLINE: Duration = Duration::from_secs(30);
/// Requests that may wait for the engine at one time.
const PLACES: usize = 64;
pub(crate) const FORM: &str = "image=hello&service=web";

pub(crate) fn id(digits: &str) -> String {
    digits.repeat(32)
}

pub(crate) fn listed(id: &str, name: &str, state: &str) -> serde_json::Value {
    json!({"Id": id, "Names": [format!("/{name}")], "Image": "hello", "State": state, "Status": state,
        "Labels": {"balancer.managed": "true", "balancer.service": "web"}})
}

/// How many requests have come that `is` says.
pub(crate) fn arrived(fake: &FakeDocker, is: impl Fn(&str) -> bool) -> usize {
    fake.requests().iter().filter(|request| is(request)).count()
}

/// Sends a request and does not wait for its reply.
fn send(agent: &Agent, method: &str, path: &str, body: &str) -> TcpStream {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        agent.address,
        body.len()
    );
    let sent = TcpStream::connect(&agent.address).and_then(|mut stream| {
        stream.write_all((head + body).as_bytes())?;
        Ok(stream)
    });
    sent.expect("the agent takes a request")
}

/// Closes connections, and waits until the agent has closed its ends, too.
fn hang_up(agent: &Agent, callers: Vec<TcpStream>) {
    let most = open_files(agent.pid) - callers.len();
    drop(callers);
    wait_until("the agent to see that its callers have gone", DEADLINE, || {
        let open = open_files(agent.pid);
        if open <= most {
            Ok(())
        } else {
            Err(format!("{open} files are open, not {most}"))
        }
    });
}

#[test]
fn a_container_that_the_engine_does_not_describe_hides_no_other() {
    let (stuck, other) = (id("1f"), id("2e"));
    let stuck_path = format!("/containers/{stuck}/json");
    let (fake, agent) = agent_before_engine({
        let (stuck_path, other) = (stuck_path.clone(), other.clone());
        move |request| match path_of(request) {
            "/containers/json" => {
                let list = json!([listed(&stuck, "stuck", "running"), listed(&other, "other", "running")]);
                Some(Answer::Reply(200, list.to_string()))
            }
            path if path == stuck_path => Some(Answer::Silence),
            path if path.contains(&other) && path.ends_with("/json") => {
                let described = json!({"Id": other, "Name": "/other", "State": {"Status": "exited"}});
                Some(Answer::Reply(200, described.to_string()))
            }
            _ => None,
        }
    });
    let ready = || agent.get("/readyz").status == 200;
    let asked = || arrived(&fake, |request| path_of(request) == stuck_path);
    wait_until_true("the agent to be ready", DEADLINE, ready);
    let before = asked();
    wait_until_true("the engine to be asked again", DEADLINE, || {
        assert!(ready(), "Docker is well: {}", agent.log());
        asked() >= before + 2
    });
}

#[test]
fn those_who_wait_for_a_list_that_does_not_come_leave_connections_to_others() {
    /// More than the agent has connections.
    const CALLERS: usize = 400;
    let is_stuck = Arc::new(AtomicBool::new(false));
    let (_fake, agent) = agent_before_engine({
        let is_stuck = Arc::clone(&is_stuck);
        move |request| {
            let is_asked_for = path_of(request) == "/containers/json" && is_stuck.load(Ordering::Relaxed);
            is_asked_for.then_some(Answer::Silence)
        }
    });
    wait_until_true("the agent to be ready", DEADLINE, || agent.get("/readyz").status == 200);
    is_stuck.store(true, Ordering::Relaxed);
    let waiting: Vec<_> = (0..CALLERS).map(|_| send(&agent, "GET", "/containers", "")).collect();
    for _ in 0..50 {
        assert_eq!(agent.try_get("/livez").map(|reply| reply.status), Ok(200));
    }
    drop(waiting);
}

#[test]
fn a_container_that_was_made_after_its_caller_was_told_that_it_was_not_is_removed() {
    let made: Arc<Mutex<Option<String>>> = Arc::default();
    let left = id("3d");
    let (fake, agent) = agent_before_engine({
        let left = left.clone();
        move |request| {
            let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
            match path_of(request) {
                "/images/hello/json" => Some(Answer::Reply(200, r#"{"Id": "sha256:aa"}"#.to_owned())),
                "/containers/create" => {
                    let name = request.split_once("name=")?.1.split('&').next()?;
                    *made = Some(name.to_owned());
                    Some(Answer::Close)
                }
                "/containers/json" => {
                    let entries: Vec<_> = made.iter().map(|name| listed(&left, name, "created")).collect();
                    Some(Answer::Reply(200, json!(entries).to_string()))
                }
                // ends at once, so that the agent lists again soon
                "/events" => Some(Answer::Reply(200, String::new())),
                path if path.contains(&left) && request.starts_with("DELETE") => {
                    *made = None;
                    Some(Answer::Reply(204, String::new()))
                }
                _ => None,
            }
        }
    });
    let reply = agent.create(FORM);
    assert!(matches!(reply.status, 502 | 503), "{} {}", reply.status, reply.body);
    let removed = |request: &str| request.starts_with("DELETE") && path_of(request) == format!("/containers/{left}");
    wait_until_true("what was made to be removed", DEADLINE, || arrived(&fake, removed) == 1);
}

#[test]
fn a_container_that_neither_starts_nor_can_be_removed_is_removed_later_and_keeps_its_index() {
    let left = id("3d");
    let attempts = Arc::new(Mutex::new(0));
    let (fake, agent) = agent_before_engine({
        let (left, attempts) = (left.clone(), Arc::clone(&attempts));
        move |request| match path_of(request) {
            "/images/hello/json" => Some(Answer::Reply(200, r#"{"Id": "sha256:aa"}"#.to_owned())),
            "/containers/create" => Some(Answer::Reply(201, json!({"Id": left, "Warnings": []}).to_string())),
            path if path.contains(&left) && request.starts_with("DELETE") => {
                let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
                *attempts += 1;
                Some(if *attempts < 3 {
                    Answer::Reply(500, r#"{"message": "device or resource busy"}"#.to_owned())
                } else {
                    Answer::Reply(204, String::new())
                })
            }
            path if path.contains(&left) => Some(Answer::Reply(500, r#"{"message": "no room"}"#.to_owned())),
            _ => None,
        }
    });
    let told = agent.create(FORM).must_be(502).error();
    assert!(told.contains("no room"), "{told}");
    // while it is there nobody else gets its name
    let _also_fails = agent.create(FORM);
    let names = |index: u32| move |request: &str| request.contains(&format!("/create?name=web-{index}-"));
    assert_eq!(
        (arrived(&fake, names(1)), arrived(&fake, names(2))),
        (1, 1),
        "{:?}",
        fake.requests()
    );
    wait_until_true("what did not start to be removed", DEADLINE, || {
        *attempts.lock().unwrap_or_else(PoisonError::into_inner) >= 3
    });
}

#[test]
fn who_hangs_up_after_a_creation_leaves_a_line_that_tells_what_became_of_it() {
    let made = id("3d");
    let go_on = Arc::new(AtomicBool::new(false));
    let is_start = |request: &str| path_of(request).ends_with("/start");
    let (fake, agent) = agent_before_engine({
        let (made, go_on) = (made.clone(), Arc::clone(&go_on));
        move |request| match path_of(request) {
            "/images/hello/json" => Some(Answer::Reply(200, r#"{"Id": "sha256:aa"}"#.to_owned())),
            "/containers/create" => Some(Answer::Reply(201, json!({"Id": made, "Warnings": []}).to_string())),
            _ if is_start(request) => {
                wait_until_true("the caller to have gone", DEADLINE, || go_on.load(Ordering::Relaxed));
                Some(Answer::Reply(204, String::new()))
            }
            path if path.contains(&made) => {
                let described = json!({"Id": made, "Name": "/web-1-7", "State": {"Status": "exited"}});
                Some(Answer::Reply(200, described.to_string()))
            }
            _ => None,
        }
    });
    let caller = send(&agent, "POST", "/containers", FORM);
    wait_until_true("it to be started", DEADLINE, || arrived(&fake, is_start) == 1);
    hang_up(&agent, vec![caller]);
    go_on.store(true, Ordering::Relaxed);
    let words = ["audit", "POST", "201", &made, "hello for web", "anyone"];
    wait_until("the line", DEADLINE, || {
        let log = agent.log();
        let has = |line: &str| words.iter().all(|word| line.contains(word));
        log.lines().any(has).then_some(()).ok_or(log)
    });
}

#[test]
fn callers_that_hang_up_make_no_room_for_more_work_than_there_is_room_for() {
    let (fake, agent) = agent_before_engine(|request| {
        // pulling takes as long as it takes
        (path_of(request) == "/images/create").then_some(Answer::Silence)
    });
    let callers: Vec<_> = (0..PLACES).map(|_| send(&agent, "POST", "/containers", FORM)).collect();
    wait_until_true("all places to be taken", DEADLINE, || {
        arrived(&fake, |request| path_of(request) == "/images/create") == PLACES
    });
    hang_up(&agent, callers);
    let told = agent.create(FORM).must_be(503).error();
    assert!(told.contains("too many requests"), "{told}");
}

#[test]
fn a_list_that_its_caller_gave_up_keeps_nobody_waiting() {
    let is_shared = |request: &str| path_of(request) == "/containers/json" && !request.contains("all=");
    let asked = Mutex::new(0);
    let (fake, agent) = agent_before_engine(move |request| {
        if !is_shared(request) {
            return None;
        }
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked += 1;
        (*asked == 1).then_some(Answer::Silence)
    });
    let caller = send(&agent, "GET", "/containers", "");
    wait_until_true("the engine to be asked", DEADLINE, || arrived(&fake, is_shared) == 1);
    hang_up(&agent, vec![caller]);
    agent.get("/containers").must_be(200);
    assert_eq!(arrived(&fake, is_shared), 2, "by a call of its own");
}
