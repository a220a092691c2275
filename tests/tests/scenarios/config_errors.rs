//! Settings that cannot work: one line that names the flag and the remedy, and exit code 64.

use std::fs;
use std::net::TcpListener;

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;

const EXIT_USAGE: i32 = 64;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn user_without_the_docker_group_is_told_to_join_it() {
    let docker = PrivateDocker::start();
    let command = AgentCommand::for_docker(&docker.url())
        .copied_to(docker.dir())
        .through(&["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    let line = refuses(command.args(&["--listen", "127.0.0.1:0"]), "--docker-url");
    assert!(
        line.contains("docker group") || line.contains("group"),
        "no remedy: {line}"
    );
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn docker_url_that_cannot_be_one_is_refused() {
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let file = dir.path().join("no-socket");
    fs::write(&file, "").expect("the directory is ours");
    let urls = [
        "ftp://127.0.0.1:2375".to_owned(),
        "ssh://127.0.0.1".to_owned(),
        "not a url".to_owned(),
        "tcp://".to_owned(),
        "tcp://127.0.0.1:notaport".to_owned(),
        "unix://".to_owned(),
        format!("file://{}", file.display()),
        format!("unix://{}", file.display()),
        format!("unix://{}", dir.path().display()),
    ];
    for url in urls {
        refuses(
            AgentCommand::for_docker(&url).args(&["--listen", "127.0.0.1:0"]),
            "--docker-url",
        );
        // the environment is the other way to say it
        refuses(
            AgentCommand::new()
                .env("DOCKER_URL", &url)
                .args(&["--listen", "127.0.0.1:0"]),
            "--docker-url",
        );
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn port_that_is_taken_is_named() {
    let docker = PrivateDocker::start();
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("the listener is bound").to_string();
    let line = refuses(
        AgentCommand::for_docker(&docker.url()).args(&["--listen", &address]),
        "--listen",
    );
    assert!(line.contains(&address), "{line}");
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn interval_outside_its_range_is_refused() {
    for interval in ["0", "0s", "99ms", "61s", "-1s", "1", "soon"] {
        refuses(
            AgentCommand::new().args(&[&format!("--interval={interval}")]),
            "--interval",
        );
        refuses(AgentCommand::new().env("AGENT_INTERVAL", interval), "--interval");
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn listening_beyond_loopback_needs_a_decision() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let line = refuses(AgentCommand::new().args(&["--listen", address]), "--listen");
        assert!(line.contains("--allow-unauthenticated"), "no remedy: {line}");
        refuses(AgentCommand::new().env("AGENT_LISTEN", address), "--listen");
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn other_values_that_cannot_be_are_refused() {
    let cases = [
        ("--listen", "nowhere"),
        ("--listen", "127.0.0.1:70000"),
        ("--source", "magic"),
        ("--pull", "sometimes"),
        ("--proc-root", "/nonexistent"),
        ("--cgroup-root", "/nonexistent"),
    ];
    for (flag, value) in cases {
        refuses(AgentCommand::new().args(&[flag, value]), flag);
    }
    refuses(AgentCommand::new().args(&["--no-such-flag"]), "--no-such-flag");
}

/// Fails unless the agent ends by itself with 64 and one line on standard error that names the flag; gives the
/// line.
#[track_caller]
fn refuses(command: AgentCommand, flag: &str) -> String {
    let what = format!("{command:?}");
    let (status, stderr) = command.run_to_end();
    println!("{stderr}");
    assert_eq!(status.code(), Some(EXIT_USAGE), "{what}: {stderr}");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 1, "one line: {what}: {stderr}");
    assert!(stderr.contains(flag), "the flag {flag} is not named: {what}: {stderr}");
    stderr
}
