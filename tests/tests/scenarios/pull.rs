//! Images that are not here yet: a real registry on a loopback port of the engine's namespace.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use agent_tests::agent::AgentCommand;
use agent_tests::command::find_program;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::wait::wait_until;

const REGISTRY: &str = "127.0.0.1:5000";
/// Of the registry's answer that it has no such image.
const ABSENT_DEADLINE: Duration = Duration::from_secs(10);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn image_that_only_the_registry_has_is_pulled_and_started() {
    let docker = PrivateDocker::start();
    let _registry = Registry::start(&docker);
    let image = format!("{REGISTRY}/services/web:3");
    push_and_forget(&docker, &image);
    let agent = AgentCommand::for_docker(&docker.url()).start();

    let form = format!("image={image}&service=web");
    let body = agent.create(&form).must_be(201).json();
    assert_eq!(body["Config"]["Image"], image);
    assert_eq!(body["State"]["Running"], true);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn image_that_the_registry_does_not_have_is_404_within_the_deadline() {
    let docker = PrivateDocker::start();
    let _registry = Registry::start(&docker);
    push_and_forget(&docker, &format!("{REGISTRY}/services/web:3"));
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let before = docker.inventory();

    for absent in ["services/other:1", "services/web:4"] {
        let start = Instant::now();
        let reply = agent.create(&format!("image={REGISTRY}/{absent}&service=web"));
        println!("{absent}: {:?}: {}", start.elapsed(), reply.body);
        reply.must_be(404).error();
        assert!(start.elapsed() < ABSENT_DEADLINE, "{absent}: {:?}", start.elapsed());
    }
    assert_eq!(docker.inventory(), before);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn nothing_is_pulled_when_pulling_is_off() {
    let docker = PrivateDocker::start();
    let _registry = Registry::start(&docker);
    let image = format!("{REGISTRY}/services/web:3");
    push_and_forget(&docker, &image);
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--pull", "never"])
        .start();

    agent.create(&format!("image={image}&service=web")).must_be(404).error();
    let pulls: Vec<_> = docker
        .calls()
        .into_iter()
        .filter(|call| call.contains("/images/create?fromImage"))
        .collect();
    assert!(pulls.is_empty(), "{pulls:?}");
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn registry_that_does_not_answer_is_an_error_that_leaves_nothing() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let before = docker.inventory();
    let reply = agent.create(&format!("image={REGISTRY}/services/web:3&service=web"));
    println!("{} {}", reply.status, reply.body);
    assert!(matches!(reply.status, 502..=504), "{} {}", reply.status, reply.body);
    reply.error();
    assert_eq!(docker.inventory(), before);
}

/// Puts the workload into the registry under that name, and removes the name here.
#[track_caller]
fn push_and_forget(docker: &PrivateDocker, image: &str) {
    docker.cli(&["tag", image::WORKLOAD, image]);
    docker.cli(&["push", image]);
    docker.cli(&["rmi", image]);
}

/// Debian's `docker-registry` in the engine's namespace, where its loopback address is the engine's too.
struct Registry(Child);

impl Registry {
    #[track_caller]
    fn start(docker: &PrivateDocker) -> Self {
        assert!(
            find_program("docker-registry").is_some(),
            "not installed: docker-registry (`cargo xtask test` installs it)"
        );
        let dir = docker.dir().join("registry");
        let config = docker.dir().join("registry.yml");
        let text = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {REGISTRY}\n",
            dir.display()
        );
        fs::write(&config, text).expect("the engine's directory is ours");
        let log = File::create(docker.dir().join("registry.log")).expect("the engine's directory is ours");
        let [nsenter, net] = docker.netns().enter();
        let mut command = Command::new(nsenter);
        command.arg(net).args(["docker-registry", "serve"]).arg(config);
        let log_too = log.try_clone().expect("the file is open");
        command.stdin(Stdio::null()).stdout(log).stderr(log_too);
        let registry = Self(command.spawn().expect("docker-registry can be started"));
        let workload = agent_tests::binaries::workload().display().to_string();
        wait_until("the registry to answer", Duration::from_secs(15), || {
            let done = docker
                .netns()
                .attempt(&[&workload, "get", "--to", REGISTRY, "--path", "/v2/"]);
            if done.success { Ok(()) } else { Err(done.stderr) }
        });
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // one that has ended already needs neither
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
