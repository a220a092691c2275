//! Callers whom nobody knows, many of them: the log stays readable, and they hold up nobody.

use std::fs;

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;

const ADMIN: &str = "admin-0123456789abcdef0123456789abcde";
/// More than they may cause lines.
const REQUESTS: usize = 1000;
/// Lines at once, and one a second from then on: far more seconds than the requests take.
const MOST_LINES: usize = 60 + 60;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn callers_whom_nobody_knows_do_not_fill_the_log_and_those_who_are_known_have_their_line() {
    let docker = PrivateDocker::start();
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let admin = dir.path().join("admin");
    fs::write(&admin, ADMIN).expect("the directory is ours");
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker", "--admin-token-file", &admin.display().to_string()])
        .token(ADMIN)
        .start();
    let host = &agent.address;
    let request = format!("DELETE /container/web HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let replies = agent.send_in_turn(&vec![request; REQUESTS]);
    assert!(replies.iter().all(|reply| reply.status == 401));
    agent.delete("/container/web").must_be(404);
    let log = agent.log();
    let audited: Vec<_> = log.lines().filter(|line| line.contains("DELETE")).collect();
    let of_nobody = audited.iter().filter(|line| line.contains("nobody")).count();
    println!("{of_nobody} lines of {REQUESTS} requests");
    assert!(of_nobody >= 60, "{log}");
    assert!(of_nobody <= MOST_LINES, "{of_nobody}");
    let of_the_known = audited.iter().filter(|line| line.contains("admin token, line 1"));
    assert_eq!(of_the_known.count(), 1, "{log}");
    let left_out = format!("lines={}", REQUESTS - of_nobody);
    assert!(
        log.lines()
            .any(|line| line.contains("were left out") && line.contains(&left_out)),
        "{left_out}: {log}"
    );
}
