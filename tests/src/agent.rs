//! The agent's own binary, started as an operator starts it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::binaries;
use crate::http::{self, Reply};
use crate::process::{self, Signal};
use crate::wait::wait_until;

/// `GET /status` gives 503 in the first interval; loading the programs takes less than a second.
const START_DEADLINE: Duration = Duration::from_secs(20);
/// The agent itself gives requests 10 s to end.
const END_DEADLINE: Duration = Duration::from_secs(15);

/// How the agent is started.
#[derive(Debug, Default)]
pub struct AgentCommand {
    before: Vec<OsString>,
    binary: Option<OsString>,
    args: Vec<OsString>,
    token: Option<String>,
    env: Vec<(OsString, OsString)>,
    socket: Option<OwnedFd>,
}

impl AgentCommand {
    /// The agent with its own defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The agent before this engine.
    pub fn for_docker(url: &str) -> Self {
        Self::new().args(&["--docker-url", url])
    }

    /// More flags.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(OsString::from));
        self
    }

    /// The token that the harness itself shows when it asks.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// A variable of its environment, which is empty but for `PATH`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Runs it through another program, as `setpriv` with its flags.
    #[must_use]
    pub fn through(mut self, words: &[&str]) -> Self {
        self.before.extend(words.iter().map(OsString::from));
        self
    }

    /// Hands it this socket as a service manager does: the third descriptor, told by variables (`sd_listen_fds(3)`).
    #[must_use]
    pub fn hand_over(mut self, socket: TcpListener) -> Self {
        const AS_THE_THIRD: &str = r#"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@""#;
        self.socket = Some(socket.into());
        self.through(&["sh", "-c", AS_THE_THIRD]).args(&["--listen", "fd://"])
    }

    /// Runs a copy of the binary in `dir`: where this tree lies, other users may not go.
    #[must_use]
    pub fn copied_to(mut self, dir: &Path) -> Self {
        let copy = dir.join("balancer-agent");
        fs::copy(binaries::agent(), &copy).expect("the agent can be copied");
        self.binary = Some(copy.into());
        self
    }

    /// Starts it on a free port and waits until `GET /status` gives 200.
    #[track_caller]
    pub fn start(self) -> Agent {
        let agent = self.start_without_waiting();
        agent.wait_until_ready();
        agent
    }

    /// Starts it on a free port of 127.0.0.1.
    #[track_caller]
    pub fn start_without_waiting(self) -> Agent {
        let address = format!("127.0.0.1:{}", free_port());
        self.args(&["--listen", &address]).spawn(address)
    }

    /// Starts it with the flags given and no other; it is asked at `address`.
    #[track_caller]
    pub fn start_at(self, address: &str) -> Agent {
        let agent = self.spawn(address.to_owned());
        agent.wait_until_ready();
        agent
    }

    /// Starts it with the flags given and no other, and waits for its end.
    #[track_caller]
    pub fn run_to_end(self) -> (ExitStatus, String) {
        let agent = self.spawn(String::new());
        (agent.wait_for_end(END_DEADLINE), agent.log())
    }

    #[track_caller]
    fn spawn(self, address: String) -> Agent {
        let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
        let log = File::create(dir.path().join("agent.log")).expect("the directory is ours");
        let binary = self.binary.unwrap_or_else(|| binaries::agent().into());
        // a test that is killed has no time to end it
        let with_the_test = ["setpriv", "--pdeathsig", "KILL"].map(OsString::from);
        let its_own = self.before.into_iter().chain([binary]).chain(self.args);
        let mut words = with_the_test.into_iter().chain(its_own);
        let mut command = Command::new(words.next().expect("there is always the binary"));
        command
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .envs(self.env)
            .stdin(self.socket.map_or_else(Stdio::null, Stdio::from))
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().expect("the agent can be started");
        let pid = child.id();
        Agent {
            address,
            pid,
            dir,
            child: Mutex::new(child),
            token: self.token,
            client: client(),
        }
    }
}

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
