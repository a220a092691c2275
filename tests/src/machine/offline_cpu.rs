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
        let mut holder = Self(child);
        Err(holder.end().err().unwrap_or_else(|| format!("it said {said:?}")))
    }

    /// Brings it back; it must come.
    #[track_caller]
    pub fn bring_back(mut self) {
        self.end()
            .unwrap_or_else(|why| panic!("the CPU did not come back: {why}"));
    }

    /// What the shell complained of, unless all went well. It ends once.
    fn end(&mut self) -> Result<(), String> {
        drop(self.0.stdin.take());
        let mut why = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            let _ = stderr.read_to_string(&mut why);
        }
        match self.0.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{status}: {}", why.trim())),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for OfflineCpu {
    fn drop(&mut self) {
        // without its input it has ended already, and whoever ended it was told
        let ended = if self.0.stdin.is_some() { self.end() } else { Ok(()) };
        if let Err(why) = ended {
            eprintln!("a CPU that was taken offline did not come back as it was: {why}");
        }
    }
}
