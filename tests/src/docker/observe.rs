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

    /// The API calls that the engine has logged so far, as `METHOD /path?query`.
    #[track_caller]
    pub fn calls(&self) -> Vec<String> {
        let log = fs::read(self.log_path()).expect("the engine writes a log");
        let log = String::from_utf8_lossy(&log);
        let call = |line: &str| {
            let (_, call) = line
                .split_once("msg=\"Calling ")
                .or_else(|| line.split_once("Calling "))?;
            Some(call.split('"').next().unwrap_or(call).to_owned())
        };
        log.lines().filter_map(call).collect()
    }

    /// Of the calls behind the first `known`, those that neither the agent makes by itself nor a look at the
    /// inventory does.
    #[track_caller]
    pub fn strange_calls(&self, known: usize) -> Vec<String> {
        let calls = self.calls().into_iter().skip(known);
        calls.filter(|call| !is_routine(call)).collect()
    }
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
