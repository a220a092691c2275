//! Two containers made by hand, joined by a cable, and an engine that knows of them: a guest without Docker has all
//! that the agent follows.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent_tests::binaries;
use agent_tests::command;
use agent_tests::fake_docker::{Answer, FakeDocker};
use agent_tests::wait::wait_until_true;
use serde_json::{Value, json};

use crate::cgroups;

const LISTEN_DEADLINE: Duration = Duration::from_secs(20);
/// A load that is not over by then has failed.
const LOAD_DEADLINE: Duration = Duration::from_mins(1);

/// A container: a process in a cgroup and a network namespace of its own.
pub(crate) struct Handmade {
    pub(crate) id: String,
    pub(crate) address: String,
    namespace: String,
    /// One a hierarchy, the v2 tree's first.
    pub(crate) dirs: Vec<PathBuf>,
    first: Child,
}

/// The two, and the engine.
pub(crate) struct Stage {
    pub(crate) left: Handmade,
    pub(crate) right: Handmade,
    engine: FakeDocker,
}

impl Stage {
    /// Makes them. They are there before the agent looks: the engine tells of no events.
    pub(crate) fn set() -> Self {
        command::run(&["ip", "link", "set", "lo", "up"]);
        for name in ["left", "right"] {
            command::run(&["ip", "netns", "add", name]);
            command::run(&["ip", "-netns", name, "link", "set", "lo", "up"]);
        }
        command::run(&[
            "ip", "link", "add", "cable", "netns", "left", "type", "veth", "peer", "name", "cable", "netns", "right",
        ]);
        let left = Handmade::start("left", "a1", "10.99.0.1");
        let right = Handmade::start("right", "b2", "10.99.0.2");
        let known = Arc::new(Mutex::new(vec![left.inspection(), right.inspection()]));
        let engine =
            FakeDocker::start(move |request| answer(request, &known.lock().unwrap_or_else(PoisonError::into_inner)));
        Self { left, right, engine }
    }

    pub(crate) fn url(&self) -> String {
        self.engine.url()
    }
}

impl Handmade {
    fn start(namespace: &str, digits: &str, address: &str) -> Self {
        let with_mask = format!("{address}/24");
        command::run(&["ip", "-netns", namespace, "address", "add", &with_mask, "dev", "cable"]);
        command::run(&["ip", "-netns", namespace, "link", "set", "cable", "up"]);
        let id = digits.repeat(32);
        let dirs = cgroups::container_dirs(&id);
        let first = spawn(namespace, &dirs, &["sleep", "--seconds", "600"]);
        Self {
            id,
            address: address.to_owned(),
            namespace: namespace.to_owned(),
            dirs,
            first,
        }
    }

    /// Runs `workload words...` in it and gives back at once.
    pub(crate) fn start_load(&self, words: &[&str]) -> Load {
        Load(spawn(&self.namespace, &self.dirs, words))
    }

    /// Runs `workload words...` in it, to its end.
    pub(crate) fn load(&self, words: &[&str]) {
        self.start_load(words).wait();
    }

    /// Runs `workload words...` in a cgroup below the container's own, which is gone when this returns.
    pub(crate) fn load_in_child(&self, words: &[&str]) {
        let dirs: Vec<_> = self.dirs.iter().map(|dir| dir.join("child")).collect();
        for dir in &dirs {
            fs::create_dir(dir).expect("cgroups can be made");
        }
        Load(spawn(&self.namespace, &dirs, words)).wait();
        for dir in &dirs {
            // the last of its processes may still be on its way out
            wait_until_true("the child cgroup to be empty", LISTEN_DEADLINE, || {
                fs::remove_dir(dir).is_ok()
            });
        }
    }

    /// Starts a load that listens, and waits until it does.
    pub(crate) fn listen(&self, protocol: &str, words: &[&str], port: u16) -> Load {
        let load = self.start_load(words);
        let table = format!("/proc/{}/net/{protocol}", self.first.id());
        let row = format!(":{port:04X} 00000000:0000");
        wait_until_true(&format!("{words:?} to listen"), LISTEN_DEADLINE, || {
            fs::read_to_string(&table).is_ok_and(|table| table.contains(&row))
        });
        load
    }

    /// Opens `count` connections from its network namespace, but from no container's cgroup, and holds them.
    pub(crate) fn connect(&self, to: &str, count: u32) -> Load {
        let mut child = Command::new("nsenter")
            .arg(format!("--net=/run/netns/{}", self.namespace))
            .args(["/init", "connect", to, &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("nsenter can be started");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says how many");
        assert_eq!(line.trim(), format!("connected {count}"));
        Load(child)
    }

    /// What its loopback interface has carried: that one counts no Ethernet headers.
    pub(crate) fn loopback_l3_bytes(&self) -> u64 {
        let path = format!("/proc/{}/net/dev", self.first.id());
        let table = fs::read_to_string(path).expect("the process lives");
        let fields = table.lines().find_map(|line| line.trim().strip_prefix("lo:"));
        let bytes = fields.and_then(|fields| fields.split_whitespace().next());
        bytes
            .and_then(|bytes| bytes.parse().ok())
            .expect("each namespace has lo, with its bytes first")
    }

    fn inspection(&self) -> Value {
        json!({
            "Id": self.id,
            "Name": format!("/{}", self.namespace),
            "State": {
                "Status": "running",
                "Running": true,
                "Pid": self.first.id(),
                "StartedAt": jiff::Timestamp::now().to_string(),
            },
            "Config": {"Image": "workload", "Labels": {}},
            "HostConfig": {"NetworkMode": "bridge"},
        })
    }
}

impl Drop for Handmade {
    fn drop(&mut self) {
        let _ = self.first.kill();
        let _ = self.first.wait();
    }
}

/// A load that runs; it ends with this.
pub(crate) struct Load(Child);

impl Load {
    /// Waits for its end, which must be a good one.
    pub(crate) fn wait(mut self) {
        let mut status = None;
        wait_until_true("a load to end", LOAD_DEADLINE, || {
            status = self.0.try_wait().expect("it is ours");
            status.is_some()
        });
        let status = status.expect("waited for");
        assert!(status.success(), "a load ended with {status}");
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shell joins the cgroups and then becomes the workload, so that no time and no socket of it is elsewhere.
fn spawn(namespace: &str, dirs: &[PathBuf], words: &[&str]) -> Child {
    let workload = binaries::workload();
    let join: Vec<_> = dirs
        .iter()
        .map(|dir| format!("echo $$ > '{}/cgroup.procs'", dir.display()))
        .collect();
    let script = format!(
        "set -e; {}; exec nsenter --net=/run/netns/{namespace} \"$@\"",
        join.join("; ")
    );
    Command::new("sh")
        .args(["-c", &script, "join"])
        .arg(workload)
        .args(words)
        .stdin(Stdio::null())
        .spawn()
        .expect("sh can be started")
}

fn answer(request: &str, containers: &[Value]) -> Answer {
    let target = request.split_once(' ').map_or(request, |(_, target)| target);
    let path = target.split('?').next().unwrap_or(target);
    let path = path
        .strip_prefix("/v1.")
        .and_then(|rest| rest.split_once('/'))
        .map_or_else(|| path.to_owned(), |(_, rest)| format!("/{rest}"));
    let listed = |one: &Value| {
        json!({
            "Id": one["Id"], "Names": [one["Name"]], "Image": "workload", "State": "running", "Labels": {},
        })
    };
    match path.as_str() {
        "/_ping" => Answer::Reply(200, "OK".to_owned()),
        "/version" => Answer::Reply(200, r#"{"Version": "20.10.24", "ApiVersion": "1.41"}"#.to_owned()),
        "/info" => Answer::Reply(200, "{}".to_owned()),
        "/events" => Answer::Silence,
        "/containers/json" => Answer::Reply(200, containers.iter().map(listed).collect::<Value>().to_string()),
        _ => containers
            .iter()
            .find(|one| path == format!("/containers/{}/json", one["Id"].as_str().unwrap_or_default()))
            .map_or_else(
                || Answer::Reply(404, r#"{"message": "page not found"}"#.to_owned()),
                |one| Answer::Reply(200, one.to_string()),
            ),
    }
}
