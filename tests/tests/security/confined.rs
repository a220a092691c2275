//! What the agent can still do once it has started: its own work, and nothing else.

use std::fs;
use std::time::Duration;

use agent_tests::agent::AgentCommand;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::wait::wait_until_true;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_started_agent_counts_and_can_load_start_write_and_bind_nothing() {
    let docker = PrivateDocker::start();
    let container = docker.run("bystander", &[], &["sleep", "--seconds", "600"]);
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--fault", "attempts"])
        .start();
    let log = agent.log();
    let outcomes: Vec<_> = log.lines().filter_map(|line| line.split_once("attempt: ")).collect();
    println!("{log}");
    for what in [
        "loading a kernel program",
        "starting a program",
        "making a file",
        "writing a file of the kernel",
        "changing who may use a file",
        "a namespace of its own",
        "a port of its own",
        "another root",
    ] {
        let (_, outcome) = outcomes
            .iter()
            .find(|(_, text)| text.starts_with(what))
            .unwrap_or_else(|| panic!("{what} was not tried"));
        assert!(outcome.ends_with("refused"), "{outcome}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid)).expect("the agent runs");
    let field = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {name}")).trim().to_owned()
    };
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"] {
        assert_eq!(field(set), "0000000000000000", "{set}");
    }
    assert_eq!(
        (field("NoNewPrivs"), field("Seccomp")),
        ("1".to_owned(), "2".to_owned())
    );
    for thread in fs::read_dir(format!("/proc/{}/task", agent.pid))
        .expect("the agent runs")
        .flatten()
    {
        let of_thread = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        assert!(
            of_thread.is_empty() || of_thread.contains("CapEff:\t0000000000000000"),
            "{of_thread}"
        );
    }
    // And all the same it counts in the kernel, flushes, and gives entries back.
    let path = format!("/container/{}/status", container.id);
    wait_until_true("figures from the kernel", Duration::from_secs(10), || {
        let reply = agent.get(&path);
        reply.status == 200 && reply.json()["source"] == "ebpf"
    });
    let made = agent
        .create(&format!("image={}&service=web", image::WORKLOAD))
        .must_be(201)
        .json();
    let id = made["Id"].as_str().expect("an id").to_owned();
    agent.delete(&format!("/container/{id}?timeout=0")).must_be(204);
}
