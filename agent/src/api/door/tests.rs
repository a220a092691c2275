use axum::http::{Request, StatusCode};

use super::*;
use crate::access::credentials::TokenFiles;

const READ: &str = "read-0123456789abcdef0123456789abcdef";
const ADMIN: &str = "admin-0123456789abcdef0123456789abcde";
const TCP: Transport = Transport::Tcp { certificate: None };

struct Fixture {
    door: Door,
    _files: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let [read, admin] = [("read", READ), ("admin", ADMIN)].map(|(name, token)| {
        let path = dir.path().join(name);
        std::fs::write(&path, token).unwrap();
        Some(path)
    });
    let credentials = Credentials::load(TokenFiles { read, admin }).unwrap();
    Fixture {
        door: Door {
            credentials: Arc::new(credentials),
            asks_for_credentials: true,
            hosts: HostNames::new(["node-7".to_owned()]),
            own_uid: 998,
            read_only: false,
            policy: Policy::default(),
        },
        _files: dir,
    }
}

fn open_door() -> Door {
    Door {
        credentials: Arc::new(Credentials::load(TokenFiles::default()).unwrap()),
        asks_for_credentials: false,
        hosts: HostNames::new(["node-7".to_owned()]),
        own_uid: 998,
        read_only: false,
        policy: Policy::default(),
    }
}

/// 200 stands for let in.
#[track_caller]
fn code(door: &Door, transport: &Transport, method: &str, uri: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let admitted = door.identify(transport, &head).and_then(|admitted| {
        let caller = admitted.as_ref().map(|admitted| &admitted.caller);
        door.permit(caller, transport, &head)
    });
    match admitted {
        Ok(()) => StatusCode::OK.as_u16(),
        Err(problem) => problem.status().as_u16(),
    }
}

#[test]
fn who_shows_nothing_learns_nothing_but_that_the_agent_lives_and_has_a_page() {
    let door = fixture().door;
    let host = ("host", "127.0.0.1:5000");
    for (method, path) in [
        ("GET", "/status"),
        ("GET", "/containers"),
        ("GET", "/no/such/path"),
        ("PUT", "/status"),
        ("POST", "/containers"),
        ("POST", "/livez"),
        ("DELETE", "/container/abcd"),
        ("GET", "/livez/"),
        ("GET", "//livez"),
        ("POST", "/"),
        ("DELETE", "/page/main.js"),
        ("GET", "//"),
        ("GET", "/page/"),
        ("GET", "/page/no-such-file.js"),
        ("GET", "/page/../status"),
        ("GET", "/page/%6dain.js"),
    ] {
        assert_eq!(code(&door, &TCP, method, path, &[host]), 401, "{method} {path}");
        // also from where it would be refused for another reason
        let page = [("host", "rebind.example"), ("origin", "null")];
        assert_eq!(code(&door, &TCP, method, path, &page), 401, "{method} {path}");
    }
    for path in [
        "/livez",
        "/readyz",
        "/livez?x",
        "/",
        "/?x",
        "/page/main.js",
        "/page/style.css",
    ] {
        assert_eq!(code(&door, &TCP, "GET", path, &[host]), 200, "{path}");
        assert_eq!(code(&door, &TCP, "HEAD", path, &[host]), 200, "{path}");
        let rebound = [("host", "rebind.example")];
        assert_eq!(code(&door, &TCP, "GET", path, &rebound), 421, "{path}");
    }
}

#[test]
fn roles_open_their_methods_and_read_only_closes_those_of_admins() {
    let mut door = fixture().door;
    let (read, admin) = (format!("Bearer {READ}"), format!("Bearer {ADMIN}"));
    let shown = |door: &Door, method: &str, token: &str| {
        let headers = [("host", "node-7:5000"), ("authorization", token)];
        code(door, &TCP, method, "/container/abcd", &headers)
    };
    for (method, of_reader) in [
        ("GET", 200),
        ("HEAD", 200),
        ("PUT", 200),
        ("POST", 403),
        ("DELETE", 403),
    ] {
        assert_eq!(shown(&door, method, &read), of_reader, "{method}");
        assert_eq!(shown(&door, method, &admin), 200, "{method}");
    }
    let twice = [
        ("host", "node-7"),
        ("authorization", admin.as_str()),
        ("authorization", admin.as_str()),
    ];
    assert_eq!(code(&door, &TCP, "GET", "/status", &twice), 401);
    let user = |uid| Transport::Unix { uid };
    for (transport, method, expected) in [
        (user(0), "DELETE", 200),
        (user(998), "POST", 200),
        (user(1000), "DELETE", 403),
        (user(1000), "GET", 200),
    ] {
        // the name does not count there: curl sends `localhost`, others the path
        let named = [("host", "whatever")];
        assert_eq!(
            code(&door, &transport, method, "/status", &named),
            expected,
            "{transport:?}"
        );
    }
    door.read_only = true;
    for method in ["POST", "DELETE"] {
        assert_eq!(shown(&door, method, &admin), 405, "{method}");
        assert_eq!(shown(&door, method, &read), 405, "{method}");
    }
    assert_eq!(shown(&door, "GET", &read), 200);
}

#[test]
fn pages_of_browsers_are_refused_without_any_credentials_to_ask_for() {
    let door = open_door();
    for (method, headers, expected) in [
        ("POST", &[("host", "127.0.0.1:5000")][..], 200),
        ("POST", &[("host", "rebind.example:5000")], 421),
        ("GET", &[("host", "rebind.example:5000")], 421),
        (
            "POST",
            &[("host", "rebind.example"), ("origin", "http://rebind.example")],
            421,
        ),
        ("POST", &[("host", "node-7:5000"), ("origin", "null")], 403),
        ("DELETE", &[("host", "node-7"), ("origin", "https://evil.example")], 403),
        ("POST", &[("host", "node-7"), ("sec-fetch-site", "cross-site")], 403),
        ("POST", &[("host", "node-7"), ("origin", "http://node-7")], 200),
        ("GET", &[("host", "node-7"), ("sec-fetch-site", "cross-site")], 200),
        ("GET", &[], 400),
        ("GET", &[("host", "node-7"), ("host", "node-7")], 400),
        ("GET", &[("host", "")], 421),
    ] {
        assert_eq!(
            code(&door, &TCP, method, "/containers", headers),
            expected,
            "{method} {headers:?}"
        );
    }
    // the name in the request line counts as well
    let named = [("host", "node-7")];
    assert_eq!(code(&door, &TCP, "GET", "http://rebind.example/status", &named), 421);
    assert_eq!(code(&door, &TCP, "GET", "http://node-7/status", &named), 200);
}
