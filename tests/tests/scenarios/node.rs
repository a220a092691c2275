//! What a scheduler reads of the node: its state, and its list of containers, often.

use std::path::Path;
use std::thread;

use agent_tests::agent::AgentCommand;
use agent_tests::command;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;

use crate::replies::{SEEN_DEADLINE, listed};

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn many_callers_of_the_list_share_dockers_answers() {
    const CALLERS: usize = 25;
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let _container = docker.run("listed", &[], &["serve"]);
    let lists = || {
        docker
            .calls()
            .iter()
            .filter(|call| call.contains("/containers/json"))
            .count()
    };
    let before = lists();
    for _ in 0..4 {
        thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| listed(&agent, "/containers", &[]));
            }
        });
    }
    let calls = lists() - before;
    println!("{} requests, {calls} calls to Docker", 4 * CALLERS);
    assert!(calls <= 4 * CALLERS / 2, "{calls} calls for {} requests", 4 * CALLERS);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn node_status_tells_cpus_memory_interfaces_and_containers() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let _container = docker.run("counted", &[], &["sleep", "--seconds", "60"]);
    let status = wait_until("the container in the node's status", SEEN_DEADLINE, || {
        let status = agent.get("/status").json();
        if status["nb_containers"] == 1 {
            Ok(status)
        } else {
            Err(status.to_string())
        }
    });
    let cpus = status["cpus"].as_object().expect("CPUs by name");
    let online = thread::available_parallelism().expect("this machine has CPUs").get();
    assert_eq!(cpus.len(), online, "{status}");
    for busy in cpus.values() {
        assert!(
            busy.as_f64().is_some_and(|busy| (0.0..=100.0).contains(&busy)),
            "{status}"
        );
    }
    let total_kib = command::run(&["awk", "/^MemTotal:/ {print $2}", "/proc/meminfo"]);
    assert_eq!(status["memory"].to_string(), total_kib);
    assert!(status["free_memory"].as_u64() < status["memory"].as_u64(), "{status}");
    let interfaces = status["network"].as_object().expect("interfaces by name");
    for (name, rates) in interfaces {
        let known = Path::new("/sys/class/net").join(name).exists();
        assert!(known && rates["rx"].is_number() && rates["tx"].is_number(), "{status}");
    }
}
