//! Every route, for every kind of caller.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::{Agent, AgentCommand, free_port};
use agent_tests::certificates::Authority;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::process::Signal;
use agent_tests::wait::{wait_until, wait_until_true};

use crate::curl::Caller;

const READ: &str = "read-0123456789abcdef0123456789abcdef";
const ADMIN: &str = "admin-0123456789abcdef0123456789abcde";
const NEXT: &str = "next-0123456789abcdef0123456789abcdef";
/// Who has no rights on a machine.
const NOBODY: u32 = 65534;
const DEADLINE: Duration = Duration::from_secs(20);
/// Of what the agent does by itself, beside what it waits for: less than curl gives a reply.
const SOON: Duration = Duration::from_secs(5);

/// What a caller may do.
#[derive(Clone, Copy, Debug)]
enum May {
    Nothing,
    Read,
    Change,
}

/// Open to everybody: they tell a word, or are the page without a figure in it.
const OPEN: [&str; 4] = ["/livez", "/readyz", "/", "/page/main.js"];

const EVENTS: &str = "/containers/events";

#[track_caller]
fn table(what: &str, caller: &Caller, id: &str, may: May) {
    let absent = "f".repeat(64);
    let read = [
        "/status".to_owned(),
        "/status/history".to_owned(),
        "/containers".to_owned(),
        "/containers/status".to_owned(),
        EVENTS.to_owned(),
        "/metrics".to_owned(),
        "/openapi.json".to_owned(),
        format!("/container/{id}"),
        format!("/container/{id}/status"),
        format!("/container/{id}/history"),
    ];
    let by_role = |nothing: u16, read: u16, change: u16| match may {
        May::Nothing => nothing,
        May::Read => read,
        May::Change => change,
    };
    let mut routes: Vec<(&str, String, u16)> = OPEN.map(|path| ("GET", path.to_owned(), 200)).into();
    routes.extend(read.map(|path| ("GET", path, by_role(401, 200, 200))));
    // 422: the form has no fields; 404: there is no such container. Both are past every door.
    routes.push(("POST", "/containers".to_owned(), by_role(401, 403, 422)));
    routes.push(("DELETE", format!("/container/{absent}"), by_role(401, 403, 404)));
    routes.push(("GET", "/no-such-path".to_owned(), by_role(401, 404, 404)));
    let form = ["--header", "Content-Type: application/x-www-form-urlencoded"];
    let codes: Vec<u16> = routes
        .iter()
        .map(|(method, path, _)| {
            let options: &[&str] = match (*method, path.as_str()) {
                ("POST", _) => &form,
                // it never ends by itself: gone when the head is there
                (_, EVENTS) => &["--head"],
                _ => &[],
            };
            caller.ask(method, path, options).0
        })
        .collect();
    println!("{what:>36}: {codes:?}");
    let expected: Vec<u16> = routes.iter().map(|(_, _, expected)| *expected).collect();
    assert_eq!(codes, expected, "{what}: {routes:?}");
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, text).expect("the directory is ours");
    path.display().to_string()
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn every_route_answers_each_caller_as_its_role_says() {
    let docker = PrivateDocker::start();
    let container = docker.run("bystander", &[], &["sleep", "--seconds", "600"]);
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let read = write(dir.path(), "read", READ);
    let admin = write(dir.path(), "admin", ADMIN);
    let socket = dir.path().join("agent.sock");
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--read-token-file", &read, "--admin-token-file", &admin])
        .args(&["--listen", &format!("unix:{}", socket.display())])
        .token(READ)
        .start();
    let id = container.id.as_str();
    wait_until_ready(&agent, id);
    let tcp = Caller::new(&format!("http://{}", agent.address));
    table("no token", &tcp, id, May::Nothing);
    table("a token that nobody gave", &tcp.token(NEXT), id, May::Nothing);
    table("a password", &tcp.options(&["--user", "admin:admin"]), id, May::Nothing);
    table("a token to read", &tcp.token(READ), id, May::Read);
    table("a token of an admin", &tcp.token(ADMIN), id, May::Change);

    let unix = Caller::new("http://localhost").options(&["--unix-socket", &socket.display().to_string()]);
    table("unix socket, root", &unix, id, May::Change);
    let nobody = unix.as_user(NOBODY);
    assert_eq!(nobody.code("GET", "/livez"), 0, "the socket's mode keeps others out");
    chown(&socket, None, Some(NOBODY)).expect("the socket is ours");
    open_directory(dir.path());
    table("unix socket, its group", &nobody, id, May::Read);
    table(
        "unix socket, its group, an admin's token",
        &nobody.token(ADMIN),
        id,
        May::Change,
    );
    table("unix socket, root, a wrong token", &unix.token(NEXT), id, May::Nothing);

    // Rotation: both are good, then the old one has expired.
    write(dir.path(), "admin", &format!("{ADMIN}\n{NEXT}\n"));
    wait_until_true("the new token to be good", DEADLINE, || {
        tcp.token(NEXT).code("GET", "/status") == 200
    });
    table("the new token beside the old one", &tcp.token(NEXT), id, May::Change);
    table("the old token beside the new one", &tcp.token(ADMIN), id, May::Change);
    let [old, other] = [ADMIN, NEXT].map(|token| Events::open(&agent, token));
    write(dir.path(), "admin", NEXT);
    agent.signal(Signal::HUP);
    wait_until_true("the old token to expire", DEADLINE, || {
        tcp.token(ADMIN).code("GET", "/status") == 401
    });
    // all show again what they have: whose token is still good comes back, and misses nothing
    old.ends();
    other.ends();
    table("a token that has expired", &tcp.token(ADMIN), id, May::Nothing);
    table("the token that came for it", &tcp.token(NEXT), id, May::Change);
    let log = agent.log();
    let has = |words: &[&str]| log.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(
        has(&["audit", "DELETE", "403", "read token, line 1"]),
        "who is known is named: {log}"
    );
    assert!(has(&["audit", "DELETE", "401", "nobody"]), "{log}");
    for secret in [READ, ADMIN, NEXT] {
        assert!(!log.contains(secret), "the log holds a token: {log}");
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn certificates_let_in_whom_they_name() {
    let docker = PrivateDocker::start();
    let container = docker.run("bystander", &[], &["sleep", "--seconds", "600"]);
    let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let files = |name: &str, authority: &Authority, host: &str| {
        let issued = authority.issue(host);
        let certificate = write(dir.path(), &format!("{name}.crt"), &issued.certificate);
        (certificate, write(dir.path(), &format!("{name}.key"), &issued.key))
    };
    let (certificate, key) = files("agent", &ours, "127.0.0.1");
    let ca = write(dir.path(), "ca.crt", &ours.certificate());
    let admin_tokens = write(dir.path(), "admin", ADMIN);
    let address = format!("127.0.0.1:{}", free_port());
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker", "--tls-cert", &certificate, "--tls-key", &key])
        .args(&["--tls-client-ca", &ca, "--tls-admin", "controller.example"])
        .args(&["--admin-token-file", &admin_tokens, "--listen", &address])
        .start_without_waiting();
    let tls = Caller::new(&format!("https://{address}")).options(&["--cacert", &ca]);
    let shows = |(certificate, key): (String, String)| tls.options(&["--cert", &certificate, "--key", &key]);
    let reader = shows(files("reader", &ours, "dashboard.example"));
    let id = container.id.as_str();
    let path = format!("/container/{id}/status");
    wait_until("figures over TLS", DEADLINE, || match reader.ask("GET", &path, &[]) {
        (200, _) => Ok(()),
        (code, body) => Err(format!("{code} {body}\n{}", agent.log())),
    });
    table("TLS, no certificate", &tls, id, May::Nothing);
    table("TLS, an admin's token", &tls.token(ADMIN), id, May::Change);
    table("a certificate", &reader, id, May::Read);
    table(
        "a certificate and an admin's token",
        &reader.token(ADMIN),
        id,
        May::Change,
    );
    table("a certificate and a wrong token", &reader.token(NEXT), id, May::Nothing);
    let controller = shows(files("controller", &ours, "controller.example"));
    table("an admin's certificate", &controller, id, May::Change);
    let wildcard = shows(files("wildcard", &ours, "*.example"));
    table("a certificate of any host there", &wildcard, id, May::Read);
    let stranger = shows(files("stranger", &others, "controller.example"));
    assert_eq!(
        stranger.code("GET", "/livez"),
        0,
        "no handshake with a certificate of others"
    );
    let plain = Caller::new(&format!("http://{address}"));
    assert_eq!(plain.code("GET", "/livez"), 0, "no reply without TLS");

    // Who issues the certificates of callers has changed: whoever is in shows theirs again.
    let heard = dir.path().join("heard");
    let output = heard.display().to_string();
    let to_file = ["--no-buffer", "--output", output.as_str()];
    thread::scope(|scope| {
        let listening = scope.spawn(|| reader.ask("GET", EVENTS, &to_file).0);
        wait_until_true("events over TLS", DEADLINE, || {
            fs::read_to_string(&heard).is_ok_and(|heard| heard.contains("event: snapshot"))
        });
        write(
            dir.path(),
            "ca.crt",
            &format!("{}{}", ours.certificate(), others.certificate()),
        );
        wait_until_true("the other authority to be known", DEADLINE, || {
            stranger.code("GET", "/livez") == 200
        });
        wait_until_true("the stream to end", SOON, || listening.is_finished());
    });
    let reader = shows(files("reader", &ours, "dashboard.example"));
    assert_eq!(reader.code("GET", "/status"), 200);

    // A certificate that cannot be read changes nothing, whether or not a signal comes; one that was renewed needs none.
    write(dir.path(), "agent.crt", "no certificate");
    agent.signal(Signal::HUP);
    wait_until_true("the complaint", DEADLINE, || agent.log().contains("--tls-cert"));
    assert_eq!(reader.code("GET", "/status"), 200);
    let renewed = others.issue("127.0.0.1");
    write(dir.path(), "agent.crt", &renewed.certificate);
    write(dir.path(), "agent.key", &renewed.key);
    let other_ca = write(dir.path(), "other-ca.crt", &others.certificate());
    let of_others = Caller::new(&format!("https://{address}")).options(&["--cacert", &other_ca]);
    wait_until_true("the renewed certificate", DEADLINE, || {
        of_others.code("GET", "/livez") == 200
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn switches_for_monitors_and_for_careful_operators_hold() {
    let docker = PrivateDocker::start();
    let foreign = docker.run("foreign", &[], &["sleep", "--seconds", "600"]);
    let base = |agent: &Agent| Caller::new(&format!("http://{}", agent.address));
    let start = |flags: &[&str]| {
        AgentCommand::for_docker(&docker.url())
            .args(&["--source", "docker"])
            .args(flags)
            .start()
    };
    let monitor = start(&["--read-only"]);
    let before = docker.inventory();
    let form = format!("image={}&service=web", image::WORKLOAD);
    let form = ["--data", form.as_str()];
    let (code, body) = base(&monitor).ask("POST", "/containers", &form);
    assert_eq!((code, body.contains("--read-only")), (405, true), "{body}");
    assert_eq!(
        base(&monitor).code("DELETE", &format!("/container/{}", foreign.id)),
        405
    );
    assert_eq!(docker.inventory(), before);
    drop(monitor);

    let careful = start(&["--managed-only", "--image-allow", "local/,registry.example/team/"]);
    let (code, body) = base(&careful).ask("DELETE", &format!("/container/{}", foreign.id), &[]);
    assert_eq!((code, body.contains("--managed-only")), (403, true), "{body}");
    let (code, body) = base(&careful).ask("POST", "/containers", &form);
    assert_eq!((code, body.contains("\"field\":\"image\"")), (403, true), "{body}");
    assert_eq!(docker.inventory(), before);
    docker.cli(&["tag", image::WORKLOAD, "local/web:1"]);
    let before = docker.inventory();
    let allowed = ["--data", "image=local/web:1&service=web"];
    let (code, body) = base(&careful).ask("POST", "/containers", &allowed);
    assert_eq!(code, 201, "{body}");
    let made: serde_json::Value = serde_json::from_str(&body).expect("Docker's inspect");
    let id = made["Id"].as_str().expect("an id");
    assert_eq!(
        base(&careful).code("DELETE", &format!("/container/{id}?timeout=0")),
        204
    );
    assert_eq!(docker.inventory(), before);
    let audited: Vec<_> = careful
        .log()
        .lines()
        .filter(|line| line.contains("audit"))
        .map(str::to_owned)
        .collect();
    println!("{audited:#?}");
    let has = |words: &[&str]| audited.iter().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(has(&["POST", "201", id, "local/web:1 for web", "anyone"]));
    assert!(has(&["POST", "403", "/containers"]));
    assert!(has(&["DELETE", "204", id]));
    assert!(has(&["DELETE", "403", "duration_ms", "request_id"]));
    assert_eq!(audited.len(), 4, "one line each");
}

/// Events, as they come.
struct Events(TcpStream);

impl Events {
    /// The first bytes have come.
    #[track_caller]
    fn open(agent: &Agent, token: &str) -> Self {
        let request = format!(
            "GET {EVENTS} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
            agent.address
        );
        let mut stream = TcpStream::connect(&agent.address).expect("the agent listens");
        stream.set_read_timeout(Some(SOON)).expect("it is not zero");
        stream.write_all(request.as_bytes()).expect("the agent takes a request");
        let mut first = [0; 12];
        stream.read_exact(&mut first).expect("the agent answers");
        assert_eq!(first, *b"HTTP/1.1 200");
        Self(stream)
    }

    /// They end by themselves, and soon.
    #[track_caller]
    fn ends(mut self) {
        let start = Instant::now();
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).expect("the agent ends the stream");
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    }
}

fn wait_until_ready(agent: &Agent, id: &str) {
    wait_until("figures of the container", DEADLINE, || {
        let reply = agent.try_get(&format!("/container/{id}/status"))?;
        if reply.status == 200 { Ok(()) } else { Err(reply.body) }
    });
}

/// Lets others look into a directory of ours.
fn open_directory(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).expect("the directory is ours");
}
