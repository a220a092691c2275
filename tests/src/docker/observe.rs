//! What a private engine tells of itself: its API, what it keeps, which calls it has seen.

use std::fs;

use serde_json::Value;

use super::PrivateDocker;
use crate::http::{self, Reply};

impl PrivateDocker {
    /// `GET path` on the engine's API.
    pub fn api(&self, path: &str) -> Result<Reply, String> {
        let reply = http::get_over_unix_socket(&self.socket(), path).map_err(|e| e.to_string())?;
        if reply.status == 200 {
            Ok(reply)
        } else {
            Err(format!("{} {}", reply.status, reply.body))
        }
    }

    /// [`Self::api`] for what must be there.
    #[track_caller]
    pub fn api_json(&self, path: &str) -> Value {
        let reply = self
            .api(path)
            .unwrap_or_else(|error| panic!("dockerd: GET {path}: {error}"));
        reply.json()
    }

    /// Everything that containers leave: containers, volumes, networks and images, for a before and after.
    #[track_caller]
    pub fn inventory(&self) -> String {
        let lists: [&[&str]; 4] = [
            &["ps", "--all", "--quiet", "--no-trunc"],
            &["volume", "ls", "--quiet"],
            &["network", "ls", "--quiet"],
            &["images", "--all", "--quiet"],
        ];
        // images of one second come in any order
        let sorted = |text: String| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines.join("\n")
        };
        lists.map(|words| sorted(self.cli(words))).join("\n--\n")
    }

    /// The API calls that the engine has logged so far, as `METHOD /path?query`. There are some: the harness itself has
    /// called before any test can, and a log that does not show it would show nothing of the agent either.
    #[track_caller]
    pub fn calls(&self) -> Vec<String> {
        let log = fs::read(self.log_path()).expect("the engine writes a log");
        let log = String::from_utf8_lossy(&log);
        let calls: Vec<_> = log.lines().filter_map(logged_call).collect();
        assert!(
            !calls.is_empty(),
            "the engine's log names no API call, not even the harness's own: in which words does it log them?\n{}",
            self.log_end()
        );
        calls
    }

    /// Of the calls behind the first `known`, those that neither the agent makes by itself nor a look at the
    /// inventory does.
    #[track_caller]
    pub fn strange_calls(&self, known: usize) -> Vec<String> {
        let calls = self.calls().into_iter().skip(known);
        calls.filter(|call| !is_routine(call)).collect()
    }
}

/// The call that a line of the engine's log is about.
fn logged_call(line: &str) -> Option<String> {
    let said = field(line, "msg")?;
    // until Docker 27
    if let Some(call) = said.strip_prefix("Calling ") {
        return Some(call.to_owned());
    }
    // other lines about a call have the same fields: that it has failed, that its caller has gone
    said.starts_with("handling ").then_some(())?;
    Some(format!("{} {}", field(line, "method")?, field(line, "request-url")?))
}

/// A field of a line of `name=value`, as it is written there; within quotes, what looks like a field is none.
fn field<'a>(mut line: &'a str, name: &str) -> Option<&'a str> {
    loop {
        let (key, rest) = line.split_once('=')?;
        let (value, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_at(quoted_length(quoted)?),
            None => rest.split_at(rest.find(' ').unwrap_or(rest.len())),
        };
        if key.trim_start_matches(['"', ' ']) == name {
            return Some(value);
        }
        line = behind;
    }
}

/// What is before the quotation mark that no backslash takes for a letter.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    })
}

/// What the agent asks Docker by itself, and what a look at the inventory asks.
fn is_routine(call: &str) -> bool {
    let (method, target) = call.split_once(' ').unwrap_or((call, ""));
    let path = target.split('?').next().unwrap_or(target);
    let path = path
        .strip_prefix("/v1.")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or(path);
    let of_container = |path: &str| {
        let id = path
            .strip_prefix("/containers/")
            .and_then(|rest| rest.strip_suffix("/json"));
        id.is_some_and(|id| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let routine = [
        "/_ping",
        "/version",
        "/info",
        "/events",
        "/containers/json",
        "/volumes",
        "/networks",
        "/images/json",
    ];
    matches!(method, "GET" | "HEAD") && (routine.contains(&path) || of_container(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_from_the_logs_of_old_and_new_engines_and_from_nothing_else_in_them() {
        const TIME: &str = "time=\"2025-06-01T12:00:00.123456789Z\"";
        for (line, call) in [
            (r#"level=debug msg="Calling HEAD /_ping""#, Some("HEAD /_ping")),
            (
                r#"level=debug msg="Calling GET /v1.41/containers/json?all=1""#,
                Some("GET /v1.41/containers/json?all=1"),
            ),
            (
                r#"level=debug msg="handling HEAD request" method=HEAD module=api request-url=/_ping vars="map[]""#,
                Some("HEAD /_ping"),
            ),
            (
                r#"level=debug msg="handling POST request" method=POST module=api request-url="/v1.48/containers/create?name=a" vars="map[version:1.48]""#,
                Some("POST /v1.48/containers/create?name=a"),
            ),
            // before the other fields, what the caller wrote
            (
                r#"level=debug msg="handling POST request" form-data="{\"Cmd\":[\"a\\\\\",\" method=GET request-url=/\"]}" method=POST module=api request-url=/v1.48/containers/create vars="map[]""#,
                Some("POST /v1.48/containers/create"),
            ),
            (
                r#"level=debug msg="error response for GET request" error-response=none method=GET module=api request-url=/v1.48/info"#,
                None,
            ),
            (r#"level=debug msg="form data: {\"Image\":\"a\"}""#, None),
            (
                r#"level=info msg="request cancelled by client" method=GET module=api request-url=/v1.48/events status=499"#,
                None,
            ),
            (
                r#"level=error msg="Handler for GET /v1.41/images/x/json returned error: none""#,
                None,
            ),
            (r#"level=info msg="API listen on /tmp/docker.sock""#, None),
            ("", None),
        ] {
            let line = format!("{TIME} {line}");
            assert_eq!(logged_call(&line).as_deref(), call, "{line}");
        }
    }
}
