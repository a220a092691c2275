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
}
