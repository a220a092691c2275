//! The two daemons of an engine, each started on a configuration of its own.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::PoisonError;

use serde_json::json;

use super::{Kind, PrivateDocker, START_DEADLINE};
use crate::wait::wait_until;

const CONTAINERD_SOCKET: &str = "containerd.sock";

impl PrivateDocker {
    /// One of its own: the machine's, where there is one, belongs to the machine's engine, and dockerd would take it.
    #[track_caller]
    pub(super) fn start_containerd(&self) {
        let path = |name: &str| self.dir.join(name);
        let config = format!(
            "version = 2\nroot = '{}'\nstate = '{}'\n\
             disabled_plugins = ['io.containerd.grpc.v1.cri']\n[grpc]\naddress = '{}'\n",
            path("containerd/root").display(),
            path("containerd/state").display(),
            path(CONTAINERD_SOCKET).display(),
        );
        fs::write(path("containerd.toml"), config).expect("the directory is ours");
        let child = self.spawn("containerd", &path("containerd.toml"));
        *self.containerd.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        wait_until("the private containerd to listen", START_DEADLINE, || {
            UnixStream::connect(path(CONTAINERD_SOCKET)).map_err(|error| format!("{error}: {}", self.log_end()))
        });
    }

    /// Starts a daemon in the namespace, its log behind those of the others.
    #[track_caller]
    pub(super) fn spawn(&self, program: &str, config: &Path) -> Child {
        let log = File::options().create(true).append(true).open(self.log_path());
        let log = log.expect("the log file is ours");
        let [nsenter, net] = self.netns.enter();
        let mut command = Command::new(nsenter);
        command.arg(net).args(self.own_mounts());
        command.arg(program).arg(if program == "dockerd" {
            "--config-file"
        } else {
            "--config"
        });
        command
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {program}: {error}"))
    }

    /// Words before a daemon of a node, whose /run is its own: the first makes it, the others join. `exec` all along, so
    /// that the process is the daemon's.
    fn own_mounts(&self) -> Vec<String> {
        let containerd = self.containerd.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.kind, containerd.as_ref()) {
            (Kind::Lasting | Kind::Plain, _) => Vec::new(),
            (Kind::Node, Some(first)) => vec!["nsenter".to_owned(), format!("--mount=/proc/{}/ns/mnt", first.id())],
            (Kind::Node, None) => {
                let script = "mount -t tmpfs -o mode=755 tmpfs /run && exec \"$0\" \"$@\"";
                ["unshare", "--mount", "sh", "-c", script].map(str::to_owned).into()
            }
        }
    }

    pub(super) fn write_config(&self) {
        let path = |name: &str| self.dir.join(name);
        let mut hosts = vec![self.url()];
        hosts.extend((self.kind == Kind::Node).then(|| "unix:///run/docker.sock".to_owned()));
        // all in one file: a flag that the machine's own daemon.json names too would be refused
        let config = json!({
            "data-root": path("data"),
            "exec-root": path("exec"),
            "containerd": path(CONTAINERD_SOCKET),
            "pidfile": path("docker.pid"),
            "hosts": hosts,
            "live-restore": self.kind == Kind::Lasting,
            // no mount, no helper process, on any kernel; the images are small
            "storage-driver": "vfs",
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            // its log then names every API call that arrives
            "debug": true,
        });
        fs::write(path("daemon.json"), config.to_string()).expect("the directory is ours");
    }
}
