//! What several scenarios read out of replies.

use std::time::Duration;

use agent_tests::agent::Agent;
use agent_tests::binaries;
use agent_tests::docker::PrivateDocker;
use agent_tests::http::Reply;
use agent_tests::wait::wait_until;
use serde_json::Value;

/// Of what Docker tells by an event.
pub(crate) const SEEN_DEADLINE: Duration = Duration::from_secs(5);

/// `GET path`, once it lists these ids.
#[track_caller]
pub(crate) fn listed(agent: &Agent, path: &str, ids: &[&str]) -> Vec<Value> {
    wait_until(&format!("{ids:?} in {path}"), SEEN_DEADLINE, || {
        let reply = agent.try_get(path)?;
        let list = reply.must_be(200).json();
        let list = list.as_array().expect("a list").clone();
        let has = |id: &&str| list.iter().any(|container| container["Id"] == **id);
        if ids.iter().all(has) { Ok(list) } else { Err(reply.body) }
    })
}

/// Takes `/{service}-{index}-{0..999}` apart.
#[track_caller]
pub(crate) fn index_and_number(name: &str, service: &str) -> (u64, u64) {
    let rest = name
        .strip_prefix('/')
        .and_then(|name| name.strip_prefix(service)?.strip_prefix('-'));
    let parts = rest.and_then(|rest| rest.split_once('-'));
    let numbers = parts.and_then(|(index, number)| Some((index.parse().ok()?, number.parse().ok()?)));
    let (index, number) = numbers.unwrap_or_else(|| panic!("{name} is not /{service}-INDEX-NUMBER"));
    assert!(index >= 1 && number <= 999, "{name}");
    (index, number)
}

/// The program inside learned `port`, and answers on the one that Docker published for it.
#[track_caller]
pub(crate) fn assert_answers_on_published_port(docker: &PrivateDocker, inspect: &Value, port: u16) {
    let published = text(inspect, &format!("/NetworkSettings/Ports/{port}~1tcp/0/HostPort"));
    let workload = binaries::workload().display().to_string();
    let to = format!("127.0.0.1:{published}");
    let answer = wait_until("the service to answer", SEEN_DEADLINE, || {
        let done = docker.netns().attempt(&[&workload, "get", "--to", &to]);
        if done.success {
            Ok(done.stdout)
        } else {
            Err(done.stderr)
        }
    });
    assert_eq!(answer, format!("ok {port}"));
}

#[track_caller]
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no text at {pointer}: {value}"))
        .to_owned()
}

/// An error reply of that status whose sentence has the word in it.
#[track_caller]
pub(crate) fn assert_names(reply: &Reply, status: u16, field: &str, request: &str) {
    assert_eq!(reply.status, status, "{request}: {}", reply.body);
    let sentence = reply.error();
    assert!(sentence.contains(field), "{field} is not named: {request}: {sentence}");
}
