//! What systemd is told, by the socket that it would listen on (`sd_notify(3)`); and what `doctor` and `healthcheck` say.

#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output};
use std::time::Duration;

use agent_tests::agent::{AgentCommand, free_port};
use agent_tests::binaries;
use agent_tests::certificates::Authority;
use agent_tests::fake_docker::{Answer, FakeDocker};
use agent_tests::process::Signal;
use serde_json::Value;

const TOLD: Duration = Duration::from_secs(10);
const END: Duration = Duration::from_secs(10);

#[test]
fn the_service_manager_hears_when_the_agent_is_up_well_reloading_and_stopping() {
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let path = dir.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("the directory is ours");
    manager.set_read_timeout(Some(TOLD)).expect("a socket has a time limit");
    let docker = engine();
    let agent = before(&docker)
        .env("NOTIFY_SOCKET", &path.display().to_string())
        .env("WATCHDOG_USEC", "600000")
        .start_without_waiting();
    let first = hear(&manager, "READY=1");
    assert!(first.contains("STATUS=source docker"), "{first}");
    agent.get("/status").must_be(200);
    println!("told that it is up when it has figures: {first:?}");
    for _ in 0..3 {
        hear(&manager, "WATCHDOG=1");
    }
    agent.signal(Signal::HUP);
    let reloading = hear(&manager, "RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    hear(&manager, "READY=1");
    agent.signal(Signal::TERM);
    hear(&manager, "STOPPING=1");
    assert!(agent.wait_for_end(END).success());
}

#[test]
fn a_health_check_is_0_and_silent_for_an_agent_that_lives_and_1_with_a_reason_for_none() {
    let docker = engine();
    let agent = before(&docker).start();
    let check = |more: &[&str], address: &str| {
        let words = ["healthcheck", "--listen", address];
        run(&words.iter().chain(more).copied().collect::<Vec<_>>())
    };
    let well = check(&[], &agent.address);
    assert_eq!((well.status.code(), text(&well).as_str()), (Some(0), ""));
    let nobody = check(&[], &format!("127.0.0.1:{}", free_port()));
    assert_eq!(nobody.status.code(), Some(1));
    assert!(
        text(&nobody).starts_with("no agent answers at 127.0.0.1:"),
        "{}",
        text(&nobody)
    );
    drop(docker);
    let away = agent_tests::wait::wait_until("Docker to be missed", TOLD, || {
        let checked = check(&["--ready"], &agent.address);
        if checked.status.code() == Some(1) {
            Ok(checked)
        } else {
            Err("ready".to_owned())
        }
    });
    assert!(text(&away).starts_with("/readyz: 503 "), "{}", text(&away));
    assert_eq!(
        check(&[], &agent.address).status.code(),
        Some(0),
        "it lives all the same"
    );
}

#[test]
fn a_health_check_of_an_agent_with_tls_takes_its_certificate_and_no_other() {
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let [one, other] = ["one", "other"].map(|name| {
        let issued = Authority::new(name).issue("127.0.0.1");
        [("pem", issued.certificate), ("key", issued.key)].map(|(end, text)| {
            let path = dir.path().join(format!("{name}.{end}"));
            fs::write(&path, text).expect("the directory is ours");
            path.display().to_string()
        })
    });
    let flags = |[cert, key]: &[String; 2]| ["--tls-cert", cert, "--tls-key", key].map(str::to_owned);
    let docker = engine();
    let own = flags(&one);
    let agent = before(&docker)
        .args(&own.iter().map(String::as_str).collect::<Vec<_>>())
        .start_without_waiting();
    let check = |files: &[String; 2]| {
        let mut words = vec!["healthcheck".to_owned(), "--listen".to_owned(), agent.address.clone()];
        words.extend(flags(files));
        run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    agent_tests::wait::wait_until("the agent to be well", TOLD, || {
        let checked = check(&one);
        if checked.status.success() {
            Ok(())
        } else {
            Err(text(&checked))
        }
    });
    let stranger = check(&other);
    assert_eq!(stranger.status.code(), Some(1));
    assert!(text(&stranger).contains("certificate"), "{}", text(&stranger));
}

#[test]
fn a_doctor_tells_the_worst_by_its_exit_code_and_each_thing_by_its_name() {
    let docker = FakeDocker::start(|request| match request {
        "GET /version" => Answer::Reply(200, r#"{"Version":"20.10.24","ApiVersion":"1.41"}"#.to_owned()),
        _ => Answer::Reply(200, "[]".to_owned()),
    });
    let address = format!("127.0.0.1:{}", free_port());
    let url = docker.url();
    let words = [
        "doctor",
        "--source",
        "docker",
        "--docker-url",
        &url,
        "--listen",
        &address,
    ];
    let checked = run(&[&words[..], &["--json"]].concat());
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked));
    let report: Value = serde_json::from_str(&text(&checked)).expect("JSON");
    assert_eq!(report["level"], "note", "{report}");
    let found = |check: &str| {
        let findings = report["findings"].as_array().expect("a list");
        let finding = findings.iter().find(|finding| finding["check"] == check);
        finding.map(|finding| finding["found"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(found("docker").as_deref(), Some("Docker 20.10.24, API 1.41"));
    assert_eq!(found("address"), Some(format!("{address} is free")));

    drop(docker);
    let checked = run(&words);
    assert_eq!(checked.status.code(), Some(2), "{}", text(&checked));
    assert!(
        text(&checked).lines().any(|line| line.starts_with("FAILURE  docker ")),
        "{}",
        text(&checked)
    );
}

#[test]
fn a_socket_that_is_handed_over_is_judged_by_what_it_is_bound_to() {
    const OPEN: &str = "whoever reaches the agent's address reads";
    let docker = engine();
    let socket = |address: &str| TcpListener::bind(address).expect("a free port");
    let (status, log) = before(&docker).hand_over(socket("0.0.0.0:0")).run_to_end();
    assert_eq!(status.code(), Some(64), "{log}");
    assert!(log.contains("--allow-unauthenticated"), "{log}");
    for (address, is_open) in [("0.0.0.0:0", true), ("127.0.0.1:0", false)] {
        let socket = socket(address);
        let port = socket.local_addr().expect("it is bound").port();
        let agent = before(&docker)
            .args(&["--allow-unauthenticated", "--read-only"])
            .hand_over(socket)
            .start_at(&format!("127.0.0.1:{port}"));
        assert_eq!(agent.log().contains(OPEN), is_open, "{address}: {}", agent.log());
    }
}

fn engine() -> FakeDocker {
    FakeDocker::start(|_| Answer::Reply(200, "[]".to_owned()))
}

fn before(docker: &FakeDocker) -> AgentCommand {
    AgentCommand::for_docker(&docker.url()).args(&["--source", "docker", "--interval", "100ms"])
}

/// The next message with this line in it.
#[track_caller]
fn hear(manager: &UnixDatagram, wanted: &str) -> String {
    loop {
        let mut message = [0; 1024];
        let length = manager.recv(&mut message).expect("the manager is told in time");
        let text = String::from_utf8_lossy(&message[..length]).into_owned();
        if text.lines().any(|line| line == wanted) {
            return text;
        }
    }
}

#[track_caller]
fn run(words: &[&str]) -> Output {
    let mut command = Command::new(binaries::agent());
    command.args(words).env_clear();
    command.output().expect("the agent can be started")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
