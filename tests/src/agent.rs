//! The agent's own binary, started as an operator starts it.

mod command;

use std::fs;
use std::net::TcpListener;
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::http::{self, Reply};
use crate::process::{self, Signal};
use crate::wait::wait_until;

pub use command::AgentCommand;

/// `GET /status` gives 503 in the first interval; loading the programs takes less than a second.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// A running agent; killed on drop.
#[derive(Debug)]
pub struct Agent {
    /// `address:port` of its API.
    pub address: String,
    /// Its process.
    pub pid: u32,
    dir: TempDir,
    child: Mutex<Child>,
    token: Option<String>,
    client: ureq::Agent,
}

impl Agent {
    /// Waits until `GET /status` gives 200.
    #[track_caller]
    pub fn wait_until_ready(&self) {
        wait_until("the agent's first full interval", START_DEADLINE, || {
            if let Some(status) = self.ended() {
                panic!("the agent ended with {status}:\n{}", self.log());
            }
            match self.try_get("/status") {
                Ok(reply) if reply.status == 200 => Ok(()),
                Ok(reply) => Err(format!("{} {}", reply.status, reply.body)),
                Err(error) => Err(error),
            }
        });
    }

    /// `GET path`, whatever its status.
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.try_get(path)
            .unwrap_or_else(|error| panic!("GET {path}: {error}\n{}", self.log()))
    }

    /// [`Self::get`] that lets a broken connection through.
    pub fn try_get(&self, path: &str) -> Result<Reply, String> {
        self.send(ureq::http::Request::get(self.url(path)), "")
    }

    /// `DELETE path`.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Reply {
        let reply = self.send(ureq::http::Request::delete(self.url(path)), "");
        reply.unwrap_or_else(|error| panic!("DELETE {path}: {error}\n{}", self.log()))
    }

    /// `POST path` with a body of that type.
    #[track_caller]
    pub fn post(&self, path: &str, content_type: &str, body: &str) -> Reply {
        let request = ureq::http::Request::post(self.url(path)).header("content-type", content_type);
        self.send(request, body)
            .unwrap_or_else(|error| panic!("POST {path}: {error}\n{}", self.log()))
    }

    /// Creates a container with a form, as callers do.
    #[track_caller]
    pub fn create(&self, form: &str) -> Reply {
        self.post("/containers", "application/x-www-form-urlencoded", form)
    }

    /// Sends the bytes as they are and reads the reply.
    #[track_caller]
    pub fn send_raw(&self, request: &[u8]) -> Reply {
        http::send_raw(&self.address, request).unwrap_or_else(|error| {
            let start = String::from_utf8_lossy(&request[..request.len().min(200)]);
            panic!("no reply to {start}: {error}\n{}", self.log())
        })
    }

    /// Replies to requests on one connection, each sent once the one before it was answered.
    #[track_caller]
    pub fn send_in_turn(&self, requests: &[String]) -> Vec<Reply> {
        http::send_in_turn(&self.address, requests).unwrap_or_else(|error| panic!("no reply: {error}\n{}", self.log()))
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        let log = fs::read(self.dir.path().join("agent.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Sends a signal to it.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        process::signal(self.pid, signal);
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn wait_for_end(&self, deadline: Duration) -> ExitStatus {
        let what = format!("the agent to end; it logged:\n{}", self.log());
        wait_until(&what, deadline, || self.ended().ok_or_else(|| "it runs".to_owned()))
    }

    /// How it has ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().ok().flatten()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn send(&self, request: ureq::http::request::Builder, body: &str) -> Result<Reply, String> {
        let request = match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let request = request.body(body.to_owned()).map_err(|error| error.to_string())?;
        let mut reply = self.client.run(request).map_err(|error| error.to_string())?;
        let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Reply {
            status: reply.status().as_u16(),
            headers: reply
                .headers()
                .iter()
                .map(|(key, value)| (key.to_string(), text(value)))
                .collect(),
            body: reply.body_mut().read_to_string().map_err(|error| error.to_string())?,
        })
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // one that has ended already needs neither
        let _ = child.kill();
        let _ = child.wait();
        if std::thread::panicking() {
            eprintln!("the agent's log:\n{}", self.log());
        }
    }
}

fn client() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(http::DEADLINE));
    config.build().into()
}

/// A port of 127.0.0.1 that nobody listens on now.
#[track_caller]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("the listener is bound").port()
}
