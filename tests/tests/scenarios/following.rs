//! Containers that somebody else starts, renames, pauses and stops.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::wait::wait_until;

use crate::replies::{SEEN_DEADLINE, index_and_number, listed, text};

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn containers_of_others_have_services_and_figures_too() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let by_name = docker.run("shop-1-77", &[], &["serve"]);
    let by_label = docker.run("thing", &["--label", "balancer.service=shop"], &["serve"]);
    listed(&agent, "/containers?service=shop", &[&by_name.id, &by_label.id]);
    agent.sample(&by_name.id);
    let created = agent
        .create(&format!("image={}&service=shop", image::WORKLOAD))
        .must_be(201)
        .json();
    assert_eq!(
        index_and_number(&text(&created, "/Name"), "shop").0,
        2,
        "1 is taken by another's"
    );
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn rename_pause_and_restart_are_followed() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let container = docker.run("before", &[], &["sleep", "--seconds", "300"]);
    agent.sample("before");
    docker.cli(&["rename", "before", "after"]);
    wait_until("the new name", SEEN_DEADLINE, || agent.try_sample("after"));
    wait_until("the old name to go", SEEN_DEADLINE, || {
        let reply = agent.try_get("/container/before/status")?;
        if reply.status == 404 { Ok(()) } else { Err(reply.body) }
    });
    docker.cli(&["pause", &container.id]);
    assert_eq!(
        agent.samples(&container.id, 1)[0].net.tx.to_string(),
        "0",
        "paused is not ended"
    );
    docker.cli(&["unpause", &container.id]);

    docker.cli(&["stop", &container.id]);
    wait_until("its end", SEEN_DEADLINE, || {
        let reply = agent.try_get(&format!("/container/{}/status", container.id))?;
        let told = reply.status == 404 && reply.body.contains("container not running");
        if told { Ok(()) } else { Err(reply.body) }
    });
    let inspected = agent.get(&format!("/container/{}", container.id)).must_be(200).json();
    assert_eq!(inspected["State"]["Running"], false);
    container.start();
    agent.samples(&container.id, 2);
}
