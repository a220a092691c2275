//! What containers keep secret stays so.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::{PrivateDocker, image};

use crate::curl::Caller;

const READ: &str = "read-0123456789abcdef0123456789abcdef";
const ADMIN: &str = "admin-0123456789abcdef0123456789abcde";
/// As much as can be asked for, also of parts of a library, whose names are longer than its own.
const MOST_TALKATIVE: &str = "trace,bollard=trace,bollard::docker=trace,bollard::read=trace,hyper=trace,hyper::proto=trace,\
                              hyper_util::client=trace";
const SECRET: &str = "hunter2-of-the-container";

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn environment_of_containers_is_shown_to_admins_and_to_no_log() {
    let docker = PrivateDocker::start();
    let container = docker.run(
        "keeper",
        &["--env", &format!("PASSWORD={SECRET}")],
        &["sleep", "--seconds", "600"],
    );
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("the directory is ours");
        path.display().to_string()
    };
    let (read, admin) = (file("read", READ), file("admin", ADMIN));
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--read-token-file", &read, "--admin-token-file", &admin])
        .args(&["--log", MOST_TALKATIVE])
        .token(READ)
        .start();
    let caller = Caller::new(&format!("http://{}", agent.address));
    let path = format!("/container/{}", container.id);
    let (code, seen) = caller.token(ADMIN).ask("GET", &path, &[]);
    assert_eq!(code, 200);
    assert!(seen.contains(SECRET), "an admin sees what Docker tells: {seen}");
    let (code, seen) = caller.token(READ).ask("GET", &path, &[]);
    assert_eq!(code, 200);
    assert!(!seen.contains(SECRET), "a reader sees a secret: {seen}");
    let seen: serde_json::Value = serde_json::from_str(&seen).expect("still JSON");
    assert_eq!(seen["Config"]["Image"], image::WORKLOAD, "and all else: {seen}");
    assert_eq!(seen["Id"], container.id.as_str());
    let (_, list) = caller.token(READ).ask("GET", "/containers", &[]);
    assert!(list.contains(&container.id) && !list.contains(SECRET), "{list}");
    let log = agent.log();
    assert!(
        log.contains("TRACE") || log.contains("DEBUG"),
        "the log is as talkative as it was told to be"
    );
    for secret in [SECRET, READ, ADMIN] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "a secret in the log: {line:?}");
    }
}
