//! A Docker engine of the test's own: it can be stopped, killed, frozen and started again, and fights with no
//! other engine of the machine over networks.

pub mod container;
mod daemons;
pub mod image;
mod observe;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::caretaker::Caretaker;
use crate::cgroup::{absent_parents, hierarchies_elsewhere};
use crate::command;
use crate::machine::{online_cpus, too_few_cpus};
use crate::network_namespace::NetworkNamespace;
use crate::process::{self, Signal};
use crate::wait::{wait_until, wait_until_true};
pub use container::Container;

const START_DEADLINE: Duration = Duration::from_secs(30);
/// dockerd gives each container 10 s to end before it kills it.
const STOP_DEADLINE: Duration = Duration::from_secs(45);

/// A private engine with the image [`image::WORKLOAD`], up and answering. All that it made goes with it.
#[derive(Debug)]
pub struct PrivateDocker {
    netns: NetworkNamespace,
    dir: PathBuf,
    kind: Kind,
    /// Taken, and with it all else, on drop.
    caretaker: Option<Caretaker>,
    containerd: Mutex<Option<Child>>,
    daemon: Mutex<Option<Child>>,
}

/// What an engine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Containers live on while it is away.
    Lasting,
    /// It ends its containers when it ends.
    Plain,
    /// As `Plain`, which an engine in a Swarm has to be; and to its containers it is the engine of the machine, at
    /// `/var/run/docker.sock`.
    Node,
}

impl PrivateDocker {
    /// An engine under which containers live on while it is away.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_kind(Kind::Lasting)
    }

    /// An engine that ends its containers when it ends, or not.
    #[track_caller]
    pub fn start_with_live_restore(live_restore: bool) -> Self {
        Self::start_kind(if live_restore { Kind::Lasting } else { Kind::Plain })
    }

    /// An engine that can be in a Swarm, and is found at `/var/run/docker.sock` by what it mounts from there.
    #[track_caller]
    pub fn start_node() -> Self {
        Self::start_kind(Kind::Node)
    }

    #[track_caller]
    fn start_kind(kind: Kind) -> Self {
        check_prerequisites();
        let dir = tempfile::Builder::new().prefix("balancer-test-").tempdir();
        let dir = dir.expect("the directory for temporary files is writable").keep();
        // an ordinary user has to reach the socket in it
        let permissions = fs::Permissions::from_mode(0o711);
        fs::set_permissions(&dir, permissions).expect("the directory is ours");
        let netns = NetworkNamespace::unmade();
        // to be there before anything of the namespace or in the directory is
        let words = [netns.name().into(), dir.clone()].into_iter().chain(absent_parents());
        let caretaker = Some(Caretaker::start(include_str!("docker/caretaker.sh"), words));
        netns.make();
        let docker = Self {
            netns,
            dir,
            kind,
            caretaker,
            containerd: Mutex::new(None),
            daemon: Mutex::new(None),
        };
        docker.start_containerd();
        docker.write_config();
        docker.launch();
        image::import_workload(&docker, image::WORKLOAD, &[]);
        docker
    }

    /// Starts the engine again after [`Self::terminate`] or [`Self::kill`], and waits until it answers.
    #[track_caller]
    pub fn launch(&self) {
        let config = self.dir.join("daemon.json");
        let child = self.spawn("dockerd", &config);
        *self.daemon.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        wait_until("the private dockerd to answer", START_DEADLINE, || {
            if let Some(status) = self.ended() {
                panic!("the private dockerd ended with {status}:\n{}", self.log_end());
            }
            self.api("/_ping").map(|_| ())
        });
    }

    /// SIGTERM, and waits until the engine has ended.
    #[track_caller]
    pub fn terminate(&self) {
        process::signal(self.pid(), Signal::TERM);
        self.wait_for_end();
    }

    /// SIGKILL.
    #[track_caller]
    pub fn kill(&self) {
        process::signal(self.pid(), Signal::KILL);
        self.wait_for_end();
    }

    /// Stops the engine where it is; callers still get their connections, and no answer.
    #[track_caller]
    pub fn freeze(&self) {
        process::signal(self.pid(), Signal::STOP);
    }

    /// Lets a frozen engine go on.
    #[track_caller]
    pub fn thaw(&self) {
        process::signal(self.pid(), Signal::CONT);
    }

    /// Waits until the engine has ended.
    #[track_caller]
    fn wait_for_end(&self) {
        wait_until_true("the private dockerd to end", STOP_DEADLINE, || self.ended().is_some());
        *self.daemon.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The processes of dockerd and of its containerd.
    #[track_caller]
    pub fn pids(&self) -> [u32; 2] {
        let containerd = self.containerd.lock().unwrap_or_else(PoisonError::into_inner);
        [self.pid(), containerd.as_ref().expect("it was started first").id()]
    }

    /// The engine's socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("docker.sock")
    }

    /// The engine's address, as the agent takes it.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A directory that other users may pass through; it goes with the engine.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the engine, its published ports and its host-network containers live.
    pub fn netns(&self) -> &NetworkNamespace {
        &self.netns
    }

    /// Runs the `docker` command on this engine; it must succeed. Gives its standard output.
    #[track_caller]
    pub fn cli(&self, words: &[&str]) -> String {
        let done = command::attempt(&self.cli_words(words));
        let said = || format!("`docker {}`: {} {}", words.join(" "), done.stdout, done.stderr);
        assert!(
            !done.ran_out_of_time,
            "{} did not end in time; the kernel holds: {}; the engine's last words:\n{}",
            said(),
            process::held_by_the_kernel(),
            self.log_end()
        );
        assert!(done.success, "{} failed", said());
        done.stdout
    }

    fn cli_words(&self, words: &[&str]) -> Vec<String> {
        let mut all = vec!["docker".to_owned(), "--host".to_owned(), self.url()];
        all.extend(words.iter().map(|word| (*word).to_owned()));
        all
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("dockerd.log")
    }

    fn log_end(&self) -> String {
        let log = fs::read(self.log_path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    #[track_caller]
    fn pid(&self) -> u32 {
        let daemon = self.daemon.lock().unwrap_or_else(PoisonError::into_inner);
        daemon.as_ref().expect("the engine was launched").id()
    }

    fn ended(&self) -> Option<String> {
        let mut daemon = self.daemon.lock().unwrap_or_else(PoisonError::into_inner);
        daemon
            .as_mut()?
            .try_wait()
            .ok()
            .flatten()
            .map(|status| status.to_string())
    }
}

impl Drop for PrivateDocker {
    fn drop(&mut self) {
        drop(self.caretaker.take());
        for child in [&self.daemon, &self.containerd] {
            let child = child.lock().unwrap_or_else(PoisonError::into_inner).take();
            // killed by the caretaker: this only takes its exit status
            let _ = child.map(|mut child| child.wait());
        }
    }
}

/// A machine that lacks something fails the test: what was not run was not shown.
#[track_caller]
fn check_prerequisites() {
    assert!(process::is_root(), "this test starts a Docker engine, which needs root");
    let programs = [
        "dockerd",
        "containerd",
        "docker",
        "ip",
        "iptables",
        "nsenter",
        "tar",
        "timeout",
        "setsid",
        "setpriv",
        "awk",
    ];
    let missing: Vec<_> = programs
        .into_iter()
        .filter(|name| command::find_program(name).is_none())
        .collect();
    assert!(
        missing.is_empty(),
        "not installed: {} (`cargo xtask test` installs it)",
        missing.join(", ")
    );
    let too_few = too_few_cpus(&online_cpus());
    assert!(too_few.is_none(), "{}", too_few.unwrap_or_default());
    let elsewhere = hierarchies_elsewhere();
    assert!(
        elsewhere.is_empty(),
        "cgroup hierarchies are mounted where Docker does not see them, so that its stats would be empty: {}; end what \
         mounted them",
        elsewhere.join(" ")
    );
}
