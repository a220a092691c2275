//! An agent that asks for credentials: tokens, TLS with an authority of the operator's, a unix socket.

use std::fs;
use std::path::Path;

use agent_tests::agent::AgentCommand;
use agent_tests::certificates::Authority;
use agent_tests::fake_docker::{Answer, FakeDocker};
use agent_tests::wait::wait_until;

use crate::order;

const READ: &str = "read-0123456789abcdef0123456789abcdef";
const ADMIN: &str = "admin-0123456789abcdef0123456789abcdef";
const START: std::time::Duration = std::time::Duration::from_secs(20);

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, text).expect("the directory is ours");
    path.display().to_string()
}

#[test]
fn an_agent_is_asked_with_a_token_over_tls_and_over_its_socket() {
    let docker = FakeDocker::start(|_| Answer::Reply(200, "[]".to_owned()));
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let issued = ours.issue("127.0.0.1");
    let (certificate, key) = (
        write(dir.path(), "cert", &issued.certificate),
        write(dir.path(), "key", &issued.key),
    );
    let (ca, other_ca) = (
        write(dir.path(), "ca", &ours.certificate()),
        write(dir.path(), "other", &others.certificate()),
    );
    let read = write(dir.path(), "read", &format!("# of the fleet\n{READ}\n"));
    let admin = write(dir.path(), "admin", ADMIN);
    let wrong = write(dir.path(), "wrong", "wrong-0123456789abcdef0123456789abcdef");
    let socket = format!("unix:{}", dir.path().join("agent.sock").display());
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker", "--listen", &socket])
        .args(&["--tls-cert", &certificate, "--tls-key", &key])
        .args(&["--read-token-file", &read, "--admin-token-file", &admin])
        .start_without_waiting();
    let url = format!("https://{}", agent.address);
    let by_name = url.replace("127.0.0.1", "localhost");
    wait_until("the first figures", START, || {
        let ended = order(
            &["status"],
            &[("AGENT_URL", &url), ("AGENT_CA_FILE", &ca), ("AGENT_TOKEN_FILE", &read)],
        );
        if ended.code == Some(0) {
            Ok(())
        } else {
            Err(format!("{ended:?}"))
        }
    });
    for (url, ca, token, code, said) in [
        (&url, &ca, Some(&read), 0, ""),
        (&url, &ca, Some(&admin), 0, ""),
        (&url, &ca, None, 1, "a token is needed"),
        (&url, &ca, Some(&wrong), 1, "token"),
        (&url, &other_ca, Some(&read), 2, "certificate"),
        (&by_name, &ca, Some(&read), 2, "certificate"),
        (&socket, &ca, None, 0, ""),
    ] {
        let token = token.map(|file| ("AGENT_TOKEN_FILE", file.as_str()));
        let variables: Vec<_> = [("AGENT_URL", url.as_str()), ("AGENT_CA_FILE", ca)]
            .into_iter()
            .chain(token)
            .collect();
        let ended = order(&["status"], &variables);
        assert_eq!(ended.code, Some(code), "{variables:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{variables:?}: {}", ended.stderr);
        assert!(
            !ended.stderr.contains("0123456789"),
            "no token is told: {}",
            ended.stderr
        );
    }
    let remove = |token: &str| {
        order(
            &["rm", "web-1", "--url", &url, "--ca-file", &ca, "--token-file", token],
            &[],
        )
    };
    let refused = remove(&read);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("admin"), "{}", refused.stderr);
    assert!(remove(&admin).stderr.contains("not found"), "let in");
}
