//! Requests that must not work: the code that docs/api.md names, and nothing left behind.

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::{PrivateDocker, image};

use crate::replies::assert_names;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn fields_of_the_wrong_type_are_422_and_named() {
    nothing_left(&[], |agent| {
        let image = image::WORKLOAD;
        let bodies = [
            (r#"{"image": 5, "service": "web"}"#.to_owned(), "image"),
            (r#"{"image": null, "service": "web"}"#.to_owned(), "image"),
            (r#"{"image": ["x"], "service": "web"}"#.to_owned(), "image"),
            (format!(r#"{{"image": "{image}", "service": 7}}"#), "service"),
            (format!(r#"{{"image": "{image}", "service": {{}}}}"#), "service"),
            (format!(r#"{{"image": "{image}", "service": true}}"#), "service"),
            (
                format!(r#"{{"image": "{image}", "service": "web", "port": "eighty"}}"#),
                "port",
            ),
            (
                format!(r#"{{"image": "{image}", "service": "web", "port": -1}}"#),
                "port",
            ),
            (
                format!(r#"{{"image": "{image}", "service": "web", "port": 0}}"#),
                "port",
            ),
            (
                format!(r#"{{"image": "{image}", "service": "web", "port": 65536}}"#),
                "port",
            ),
            (
                format!(r#"{{"image": "{image}", "service": "web", "port": 80.5}}"#),
                "port",
            ),
            (
                format!(r#"{{"image": "{image}", "service": "web", "privileged": true}}"#),
                "privileged",
            ),
        ];
        for (body, field) in bodies {
            assert_names(&agent.post("/containers", JSON, &body), 422, field, &body);
        }
        // no JSON at all, or none with fields
        for body in ["", "{", "[]", "null", "\"image\"", "{\"image\": \"\u{0}\"}"] {
            let reply = agent.post("/containers", JSON, body);
            assert!(
                matches!(reply.status, 400 | 422),
                "{body}: {} {}",
                reply.status,
                reply.body
            );
            reply.error();
        }
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn missing_and_malformed_fields_are_422_and_named() {
    nothing_left(&[], |agent| {
        let image = image::WORKLOAD;
        let long = "a".repeat(64);
        let bodies = [
            ("service=web".to_owned(), "image"),
            ("image=&service=web".to_owned(), "image"),
            ("image=..%2F..%2Fetc&service=web".to_owned(), "image"),
            ("image=UPPER/case&service=web".to_owned(), "image"),
            (format!("image={image}"), "service"),
            (format!("image={image}&service="), "service"),
            (format!("image={image}&service=-web"), "service"),
            (format!("image={image}&service=we%20b"), "service"),
            (format!("image={image}&service=we%2Fb"), "service"),
            (format!("image={image}&service={long}"), "service"),
            (format!("image={image}&service=web&port=http"), "port"),
            (format!("image={image}&service=web&port=99999"), "port"),
        ];
        for (body, field) in bodies {
            assert_names(&agent.create(&body), 422, field, &body);
        }
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn other_content_types_are_415() {
    nothing_left(&[], |agent| {
        let types = [
            "text/plain",
            "text/html",
            "text/csv",
            "application/xml",
            "application/octet-stream",
            "application/x-tar",
            "application/jsonp",
            "application/x-www-form-urlencoded-not",
            "multipart/mixed; boundary=x",
            "image/png",
            "nonsense",
            "",
        ];
        for content_type in types {
            let body = format!("image={}&service=web", image::WORKLOAD);
            let reply = agent.post("/containers", content_type, &body);
            assert_eq!(reply.status, 415, "{content_type}: {}", reply.body);
            reply.error();
        }
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn body_of_1_mib_is_413() {
    nothing_left(&[], |agent| {
        let fill = "a".repeat(1 << 20);
        for number in 0..12 {
            let (content_type, body) = match number % 3 {
                0 => (FORM, format!("image={}&service=web&x={fill}", image::WORKLOAD)),
                1 => (JSON, format!(r#"{{"image": "{fill}", "service": "web"}}"#)),
                _ => ("multipart/form-data; boundary=x", format!("--x\r\n{fill}")),
            };
            // as a whole, and in chunks whose sum nobody announces
            let length = if number < 6 {
                format!("Content-Length: {}\r\n\r\n{body}", body.len())
            } else {
                format!(
                    "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                    body.len()
                )
            };
            let head = "POST /containers HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
            let reply = agent.send_raw(format!("{head}Content-Type: {content_type}\r\n{length}").as_bytes());
            assert_eq!(reply.status, 413, "{content_type}: {}", reply.body);
        }
        // 16 KiB is the limit, not the end of what fits
        let fits = format!("image={}&service=-&x={}", image::WORKLOAD, "a".repeat(16_000));
        agent.create(&fits).must_be(422);
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn images_that_do_not_exist_are_404() {
    nothing_left(&["--pull", "never"], |agent| {
        for number in 0..12 {
            let image = match number % 4 {
                0 => format!("absent-{number}"),
                1 => format!("absent-{number}:1"),
                2 => format!("127.0.0.1:5000/absent/{number}:latest"),
                _ => format!("workload@sha256:{number:064x}"),
            };
            agent.create(&format!("image={image}&service=web")).must_be(404).error();
        }
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn wrong_methods_are_405_and_unknown_paths_404() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let wrong = [
        ("POST", "/status", "GET"),
        ("DELETE", "/status", "GET"),
        ("PUT", "/containers", "POST"),
        ("DELETE", "/containers", "GET"),
        ("POST", "/container/abcd", "DELETE"),
        ("PATCH", "/container/abcd", "GET"),
        ("DELETE", "/container/abcd/status", "GET"),
        ("POST", "/container/abcd/status", "GET"),
        ("POST", "/", "GET"),
        ("DELETE", "/page/main.js", "GET"),
    ];
    for (method, path, allowed) in wrong {
        let request = format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
        let reply = agent.send_raw(request.as_bytes());
        assert_eq!(reply.status, 405, "{method} {path}: {}", reply.body);
        let allow = reply.header("allow").unwrap_or_default();
        assert!(allow.contains(allowed), "{method} {path}: Allow: {allow}");
        reply.error();
    }
    let unknown = [
        "//",
        "/nothing",
        "/page/",
        "/page/nothing.js",
        "/containers/abcd",
        "/container",
        "/container/",
        "/container/abcd/x",
        "//status",
    ];
    for path in unknown {
        agent.get(path).must_be(404).error();
    }
}

/// Runs requests that all fail, and fails itself if they left anything.
#[track_caller]
fn nothing_left(flags: &[&str], requests: impl FnOnce(&Agent)) {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).args(flags).start();
    let before = docker.inventory();
    requests(&agent);
    assert_eq!(docker.inventory(), before);
}
