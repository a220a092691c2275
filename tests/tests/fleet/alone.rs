//! One agent in a container, as `deploy/docker/run.sh` starts it.

use std::time::Duration;

use agent_tests::command;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;

use crate::image::{self, FIRST};

/// Not where the image's health check asks if it is told of no address.
const ELSEWHERE: &str = "AGENT_LISTEN=127.0.0.1:5005";
/// The engine looks 10 s after the start for the first time.
const HEALTHY: Duration = Duration::from_secs(40);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_script_starts_an_agent_that_counts_and_that_the_engine_finds_healthy() {
    let docker = PrivateDocker::start_node();
    image::build(&docker, FIRST, "VERSION=1");
    let script = image::deploy_dir().join("docker/run.sh").display().to_string();
    let (host, image) = (
        format!("DOCKER_HOST={}", docker.url()),
        format!("BALANCER_AGENT_IMAGE={FIRST}"),
    );
    command::run(&["env", &host, &image, ELSEWHERE, "sh", &script, "--interval", "500ms"]);
    let health = || docker.cli(&["inspect", "--format", "{{.State.Health.Status}}", "balancer-agent"]);
    wait_until("the engine to find it healthy", HEALTHY, || match health().as_str() {
        "healthy" => Ok(()),
        other => Err(other.to_owned()),
    });
    let log = command::attempt(&["docker", "--host", &docker.url(), "logs", "balancer-agent"]).stderr;
    println!("{log}");
    assert!(log.contains("source ebpf"), "{log}");
    let doctor = docker.cli(&["exec", "balancer-agent", "/balancer-agent", "doctor"]);
    println!("{doctor}");
    assert!(
        doctor.contains("an agent answers at 127.0.0.1:5005, and is ready"),
        "{doctor}"
    );
}
