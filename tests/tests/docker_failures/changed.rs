//! An engine in which something has changed that the agent has not been told of.

use std::time::Duration;

use agent_tests::fake_docker::Answer;
use agent_tests::wait::wait_until_true;
use serde_json::json;

use crate::stuck::{arrived, id, listed};
use crate::{agent_before_engine, path_of};

const DEADLINE: Duration = Duration::from_secs(30);

#[test]
fn a_container_is_not_deleted_by_a_name_that_it_no_longer_has() {
    let known = id("1f");
    let (fake, agent) = agent_before_engine({
        let known = known.clone();
        move |request| match path_of(request) {
            "/containers/json" => Some(Answer::Reply(200, json!([listed(&known, "web", "exited")]).to_string())),
            path if path.ends_with("/json") && path.contains(&known) => {
                let described = json!({"Id": known, "Name": "/web-before", "State": {"Status": "exited"}});
                Some(Answer::Reply(200, described.to_string()))
            }
            path if path.contains(&known) => Some(Answer::Reply(204, String::new())),
            _ => None,
        }
    });
    wait_until_true("the agent to be ready", DEADLINE, || agent.get("/readyz").status == 200);
    let told = agent.delete("/container/web").must_be(409).error();
    assert!(told.contains("called otherwise"), "{told}");
    let changes = |request: &str| !request.starts_with("GET") && !request.starts_with("HEAD");
    assert_eq!(arrived(&fake, changes), 0, "{:?}", fake.requests());
    // whoever gives the full id means that one
    agent.delete(&format!("/container/{known}")).must_be(204);
    let of_known = |request: &str| changes(request) && request.contains(&known);
    assert_eq!(
        arrived(&fake, of_known),
        2,
        "stopped and removed: {:?}",
        fake.requests()
    );
    assert_eq!(arrived(&fake, changes), 2, "{:?}", fake.requests());
}
