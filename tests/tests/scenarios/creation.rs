//! Names, indices, ports and volumes of containers that the agent makes.

use std::collections::BTreeSet;
use std::thread;

use agent_tests::agent::{AgentCommand, free_port};
use agent_tests::docker::{PrivateDocker, image};
use serde_json::Value;

use crate::replies::{assert_answers_on_published_port, index_and_number, text};

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn thirty_created_at_once_share_no_index_and_no_name() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let form = format!("image={}&service=swarm", image::WORKLOAD);
    let created: Vec<Value> = thread::scope(|scope| {
        let create = || agent.create(&form).must_be(201).json();
        let callers: Vec<_> = (0..30).map(|_| scope.spawn(create)).collect();
        callers
            .into_iter()
            .map(|caller| caller.join().expect("each is created"))
            .collect()
    });
    let names: BTreeSet<String> = created.iter().map(|body| text(body, "/Name")).collect();
    let indices: BTreeSet<u64> = names.iter().map(|name| index_and_number(name, "swarm").0).collect();
    assert_eq!(names.len(), 30, "{names:?}");
    assert_eq!(indices, (1..=30).collect(), "{names:?}");
    for body in &created {
        assert_answers_on_published_port(&docker, body, 3000);
    }
    // the smallest free one is taken first
    let seventh = created
        .iter()
        .find(|body| index_and_number(&text(body, "/Name"), "swarm").0 == 7);
    let seventh = text(seventh.expect("there are 1 to 30"), "/Id");
    agent.delete(&format!("/container/{seventh}?timeout=0")).must_be(204);
    let next = agent.create(&form).must_be(201).json();
    assert_eq!(index_and_number(&text(&next, "/Name"), "swarm").0, 7);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn port_is_the_exposed_one_if_there_is_exactly_one() {
    let docker = PrivateDocker::start();
    image::import_workload(&docker, "one-port:1", &["EXPOSE 8080/tcp", "EXPOSE 53/udp"]);
    image::import_workload(&docker, "two-ports:1", &["EXPOSE 8080/tcp", "EXPOSE 8081/tcp"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    for (image, port) in [("one-port:1", 8080), ("two-ports:1", 3000)] {
        let created = agent.create(&format!("image={image}&service=web")).must_be(201).json();
        assert_answers_on_published_port(&docker, &created, port);
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn given_port_is_the_published_one() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let port = free_port();
    let form = format!("image={}&service=web&port={port}", image::WORKLOAD);
    let created = agent.create(&form).must_be(201).json();
    let published = text(&created, "/NetworkSettings/Ports/3000~1tcp/0/HostPort");
    assert_eq!(published, port.to_string());
    assert_answers_on_published_port(&docker, &created, 3000);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn anonymous_volumes_go_with_their_container() {
    let docker = PrivateDocker::start();
    image::import_workload(&docker, "with-volume:1", &["VOLUME /data"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let created = agent.create("image=with-volume:1&service=web").must_be(201).json();
    assert_ne!(docker.cli(&["volume", "ls", "--quiet"]), "");
    agent
        .delete(&format!("/container/{}", text(&created, "/Id")))
        .must_be(204);
    assert_eq!(docker.cli(&["volume", "ls", "--quiet"]), "");
}
