//! A CPU that is away for a while.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::cgroup;

/// A CPU that was taken offline; it comes back on drop, and also when this process is killed: a shell that waits for
/// the end of its input holds it.
#[derive(Debug)]
pub struct OfflineCpu(Child);

impl OfflineCpu {
    /// Takes it away; `Err` says why the kernel does not let it go.
    #[track_caller]
    pub fn take(cpu: u32) -> Result<Self, String> {
        let online = PathBuf::from(format!("/sys/devices/system/cpu/cpu{cpu}/online"));
        if !online.exists() {
            return Err("the kernel has no hotplug for this CPU".to_owned());
        }
        // in a session of its own: Ctrl-C is meant for the test
        let mut command = Command::new("setsid");
        command.args(["sh", "-c", include_str!("offline_cpu.sh"), "offline-cpu"]);
        command.arg(online).args(cgroup::v1_mount("cpuset"));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("setsid and sh are there");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("it was asked for");
        // a line once the CPU is away, or its end
        let read = BufReader::new(stdout).read_line(&mut said);
        read.expect("a pipe can be read");
        if said.trim() == "away" {
            return Ok(Self(child));
        }
        let mut why = String::new();
        let stderr = child.stderr.take().expect("it was asked for");
        let _ = BufReader::new(stderr).read_to_string(&mut why);
        let _ = child.wait();
        Err(why.trim().to_owned())
    }

    /// Brings it back; it must come.
    #[track_caller]
    pub fn bring_back(self) {
        // the rest is in `drop`, which does the same after a panic but cannot fail then
        let mut holder = self;
        let status = holder.end();
        assert!(
            status.as_ref().is_ok_and(std::process::ExitStatus::success),
            "the CPU did not come back: {status:?}"
        );
    }

    fn end(&mut self) -> std::io::Result<std::process::ExitStatus> {
        drop(self.0.stdin.take());
        self.0.wait()
    }
}

impl Drop for OfflineCpu {
    fn drop(&mut self) {
        if !matches!(self.end(), Ok(status) if status.success()) {
            eprintln!("a CPU that was taken offline did not come back");
        }
    }
}
