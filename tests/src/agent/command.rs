//! How the agent is started.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use super::{Agent, client, free_port};
use crate::binaries;

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
