//! `GET /container/{id}/history` and `GET /status/history`.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;
use serde_json::Value;

use crate::SEEN_DEADLINE;

fn known(column: &Value) -> Vec<f64> {
    column
        .as_array()
        .expect("a column")
        .iter()
        .filter_map(Value::as_f64)
        .collect()
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_past_of_a_container_and_of_the_node_can_be_plotted() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let container = docker.run("past-1-1", &[], &["spin", "--threads", "1", "--seconds", "60"]);
    let path = "/container/past-1-1/history";
    let history = wait_until("five points", SEEN_DEADLINE, || {
        let reply = agent.try_get(path)?;
        if reply.status != 200 {
            return Err(reply.body);
        }
        let history = reply.json();
        if known(&history["cpu"]).len() >= 5 {
            Ok(history)
        } else {
            Err(history.to_string())
        }
    });
    let cpu = known(&history["cpu"]);
    assert!(
        cpu.iter().skip(1).all(|percent| (1.0..=110.0).contains(percent)),
        "{cpu:?}"
    );
    assert_eq!(
        (&history["step_ms"], &history["window"], &history["id"]),
        (&1000.into(), &"5m".into(), &Value::from(&*container.id))
    );
    let lengths = ["cpu", "memory", "rx", "tx"].map(|name| history[name].as_array().map(Vec::len));
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");

    let hour = agent.get(&format!("{path}?window=1h")).must_be(200).json();
    assert_eq!(hour["step_ms"], 10_000);
    let node = agent.get("/status/history?window=24h").must_be(200).json();
    assert_eq!((&node["step_ms"], node.get("id")), (&60_000.into(), None));
    assert!(known(&node["cpu"]).iter().all(|percent| *percent > 0.0), "{node}");
    let refused = agent.get(&format!("{path}?window=2h"));
    assert_eq!((refused.status, &refused.json()["field"]), (422, &"window".into()));
    agent.get("/container/nobody/history").must_be(404);

    // One that has ended keeps its past until Docker has forgotten it.
    docker.cli(&["kill", "past-1-1"]);
    let after = agent.get(path).must_be(200).json();
    assert!(known(&after["cpu"]).len() >= 5, "{after}");
    container.remove();
    wait_until("the container to be forgotten", SEEN_DEADLINE, || {
        match agent.get(path).status {
            404 => Ok(()),
            status => Err(status.to_string()),
        }
    });
}
