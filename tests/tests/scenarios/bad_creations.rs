//! Creations that Docker refuses, or that would ask it for too much: nothing is left behind.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::{PrivateDocker, image};

use crate::replies::assert_names;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn port_in_use_is_409() {
    let docker = PrivateDocker::start();
    let _holder = docker.run("holder", &["--publish", "8080:3000"], &["serve"]);
    // one that Docker itself does not know of: a program in its namespace
    let _program = docker.run("on-host", &["--network", "host", "--env", "PORT=8081"], &["serve"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let before = docker.inventory();
    for number in 0..12 {
        let port = if number % 2 == 0 { 8080 } else { 8081 };
        let reply = agent.create(&format!("image={}&service=web&port={port}", image::WORKLOAD));
        assert_names(&reply, 409, &port.to_string(), "port in use");
    }
    assert_eq!(docker.inventory(), before);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn container_that_cannot_start_is_removed_before_the_answer() {
    let docker = PrivateDocker::start();
    image::import_workload(&docker, "broken:1", &[r#"ENTRYPOINT ["/absent"]"#, "VOLUME /data"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let before = docker.inventory();
    for _ in 0..3 {
        let reply = agent.create("image=broken:1&service=web");
        println!("{} {}", reply.status, reply.body);
        assert!((400..600).contains(&reply.status), "{} {}", reply.status, reply.body);
        reply.error();
        assert_eq!(docker.inventory(), before);
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn no_caller_can_ask_for_privilege() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let wishes =
        "privileged=true&Privileged=true&HostConfig=%7B%7D&binds=%2F%3A%2Fhost&network=host&pid=host&cap_add=ALL";
    let form = format!("image={}&service=web&{wishes}", image::WORKLOAD);
    let created = agent.create(&form).must_be(201).json();
    let host = &created["HostConfig"];
    assert_eq!(host["Privileged"], false);
    for member in ["Binds", "CapAdd", "Devices", "VolumesFrom", "DeviceRequests"] {
        let empty = host[member].is_null() || host[member].as_array().is_some_and(Vec::is_empty);
        assert!(empty, "{member}: {}", host[member]);
    }
    for member in ["PidMode", "UTSMode", "UsernsMode"] {
        assert_eq!(host[member], "", "{member}");
    }
    assert_ne!(host["NetworkMode"], "host");
}
