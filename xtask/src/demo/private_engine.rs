//! A Docker engine for the time of the demo.
//!
//! It has a network namespace and a mount namespace of its own, so that its bridge, its packet filter rules and its mounts go
//! with its last process, and an engine that somebody starts meanwhile is not in its way. The tests have a like engine in
//! their harness, which panics as tests do and needs far more than this does: too much to depend on for these lines.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::Child,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use super::{
    docker_client::DockerClient,
    interrupt::{Interrupt, ends_within},
    leftovers::Leftovers,
    say,
};
use crate::command::{Command, find};

const START_PATIENCE: Duration = Duration::from_mins(1);
/// dockerd gives what still runs 15 s before it ends.
const END_PATIENCE: Duration = Duration::from_secs(30);

/// Starts dockerd on the configuration `$0`. Its /run/containerd is its own: dockerd would take a containerd that listens
/// there, which belongs to the machine's engine, and where none does it starts one below its own directories. `exec` all
/// along: the child's process is dockerd's own.
const START: &str = "ip link set lo up && if [ -d /run/containerd ]; then mount -t tmpfs -o mode=711 tmpfs /run/containerd; \
                     fi && exec dockerd --config-file \"$0\"";

/// A running dockerd; it, its processes and its files go on drop.
pub(super) struct PrivateEngine {
    daemon: Child,
    docker: DockerClient,
    dir: TempDir,
    leftovers: Leftovers,
}

impl PrivateEngine {
    /// Starts it and waits until it answers.
    pub(super) fn start(interrupt: &Interrupt) -> Result<Self> {
        let missing: Vec<_> = ["dockerd", "containerd", "docker", "ip", "iptables", "mount", "unshare"]
            .into_iter()
            .filter(|program| find(program).is_none())
            .collect();
        ensure!(
            missing.is_empty(),
            "a private Docker engine needs {}: install what brings it and run this again",
            missing.join(", ")
        );
        let dir = super::temporary()
            .tempdir()
            .context("making a directory for the private Docker engine")?;
        let docker = DockerClient::new(format!("unix://{}", dir.path().join("docker.sock").display()));
        let config = dir.path().join("daemon.json");
        fs::write(&config, settings(dir.path(), docker.url()))
            .with_context(|| format!("writing {}", config.display()))?;
        let log = File::create(log(dir.path())).context("making the private engine's log")?;
        let leftovers = Leftovers::before();
        let daemon = Command::new("unshare")
            .args(["--net", "--mount", "sh", "-c"])
            .arg(START)
            .arg(config)
            .spawn(log)?;
        let mut engine = Self {
            daemon,
            docker,
            dir,
            leftovers,
        };
        let own = network_namespace("self");
        interrupt
            .wait_for("it to answer", START_PATIENCE, || {
                if let Some(status) = engine.daemon.try_wait().context("looking after it")? {
                    bail!("it ended with {status}");
                }
                let namespace = network_namespace(&engine.daemon.id().to_string());
                engine.leftovers.namespace = namespace.filter(|inode| Some(*inode) != own);
                Ok(engine.docker.version())
            })
            .with_context(|| {
                format!(
                    "starting a private Docker engine, which logged:\n{}",
                    engine.last_words()
                )
            })?;
        Ok(engine)
    }

    pub(super) fn docker(&self) -> &DockerClient {
        &self.docker
    }

    fn last_words(&self) -> String {
        let log = fs::read(log(self.dir.path())).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        if let Ok(None) = self.daemon.try_wait() {
            // Not ended and not waited for, so the id is still its own.
            if let Err(error) = kill_process(Pid::from_child(&self.daemon), Signal::TERM) {
                say::problem(&format!("could not send SIGTERM to the private Docker engine: {error}"));
            }
        }
        if !ends_within(END_PATIENCE, || !matches!(self.daemon.try_wait(), Ok(None))) {
            say::problem("the private Docker engine does not end on SIGTERM: killing it");
            // Where it has just ended, there is nothing to kill.
            let _ = self.daemon.kill();
        }
        if let Err(error) = self.daemon.wait() {
            say::problem(&format!("waiting for the private Docker engine: {error}"));
        }
        self.leftovers.remove(&self.dir.path().join("data/containers"));
        let dir = self.dir.path().to_owned();
        match fs::remove_dir_all(&dir) {
            Ok(()) => say::line("The private Docker engine has ended, its files are removed."),
            Err(error) => say::problem(&format!("could not remove {}: {error}", dir.display())),
        }
    }
}

/// All in one file: a flag that the machine's own configuration names too would be refused.
fn settings(dir: &Path, url: &str) -> String {
    json!({
        "data-root": dir.join("data"),
        "exec-root": dir.join("exec"),
        "pidfile": dir.join("docker.pid"),
        "hosts": [url],
        // On any kernel and any file system; the image is small.
        "storage-driver": "vfs",
        // With systemd's driver the containers would be units of the machine's own systemd.
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
    })
    .to_string()
}

fn log(dir: &Path) -> std::path::PathBuf {
    dir.join("dockerd.log")
}

/// By this number the kernel knows it.
fn network_namespace(process: &str) -> Option<u64> {
    let namespace = fs::metadata(format!("/proc/{process}/ns/net")).ok()?;
    Some(namespace.ino())
}
