//! Proof that what is attached counts: a child cgroup, one datagram over loopback and a short spin in it, and the
//! counters must move under that cgroup's id. Some kernels attach everything and then name the wrong cgroup.

use std::{
    fs, io,
    net::{Ipv4Addr, UdpSocket},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{counters::KernelCounters, load::KernelError};
use crate::cgroup;

/// First argument under which the agent's executable is the load of its own self-test, not an agent.
pub const PROBE_ARGUMENT: &str = "self-test-probe";

/// How long the load may take in all.
const PROBE_DEADLINE: Duration = Duration::from_secs(3);
/// How long the load has a CPU. Short against a start, long against a scheduler tick.
const SPIN: Duration = Duration::from_millis(5);

/// The cgroup made for the test; it is removed however the test ends.
struct ChildCgroup(PathBuf);

impl ChildCgroup {
    fn make(v2_root: &Path) -> Result<Self, KernelError> {
        // In a container every agent is process 1, and one that was killed may have left its cgroup.
        let path = v2_root.join(format!("balancer-agent-self-test-{:08x}", fastrand::u32(..)));
        fs::create_dir(&path).map_err(|source| KernelError::File {
            step: "making the cgroup of the self-test",
            path: path.clone(),
            source: with_remedy(source),
        })?;
        Ok(Self(path))
    }
}

/// The kernel makes the root of the tree a directory that nobody may write to, its owner included.
fn with_remedy(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::PermissionDenied {
        let said = format!("{error}; give the agent CAP_DAC_OVERRIDE");
        io::Error::new(error.kind(), said)
    } else {
        error
    }
}

impl Drop for ChildCgroup {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.0) {
            tracing::warn!(
                "the cgroup of the self-test, {}, could not be removed: {error}",
                self.0.display()
            );
        }
    }
}

/// Runs the test against counters that are attached.
pub(super) fn run(kernel: &mut KernelCounters, v2_root: &Path, executable: &Path) -> Result<(), KernelError> {
    let child_cgroup = ChildCgroup::make(v2_root)?;
    let cgroup_id = cgroup::cgroup_id(&child_cgroup.0).map_err(|source| KernelError::File {
        step: "reading the id of",
        path: child_cgroup.0.clone(),
        source,
    })?;
    run_probe(executable, &child_cgroup.0)?;

    // Also where running tasks are not to be charged later on.
    kernel.flush()?;
    let mut all = Vec::new();
    kernel.read(&mut all)?;
    let counted = all
        .iter()
        .find(|(id, _)| *id == cgroup_id)
        .map(|(_, counters)| *counters);
    let _reclaimed = kernel.forget(cgroup_id);
    let Some(counted) = counted else {
        return Err(KernelError::SelfTest(
            "nothing was counted under the cgroup of the test".to_owned(),
        ));
    };
    let spin_ns = u64::try_from(SPIN.as_nanos()).unwrap_or(u64::MAX);
    for (what, is_right) in [
        ("a datagram sent over loopback", counted.loopback_tx_bytes > 0),
        ("a datagram received over loopback", counted.loopback_rx_bytes > 0),
        ("the time of a spin", counted.cpu_ns >= spin_ns / 2),
    ] {
        if !is_right {
            return Err(KernelError::SelfTest(format!(
                "{what} was not counted under its cgroup"
            )));
        }
    }
    Ok(())
}

fn run_probe(executable: &Path, cgroup: &Path) -> Result<(), KernelError> {
    let failed = |why: String| KernelError::SelfTest(format!("its load did not run: {why}"));
    let mut child = Command::new(executable)
        .arg(PROBE_ARGUMENT)
        .arg(cgroup)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("{}: {error}", executable.display())))?;
    let deadline = Instant::now() + PROBE_DEADLINE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(failed(status.to_string())),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(1)),
            Ok(None) => {
                let _ended = child.kill().and_then(|()| child.wait());
                return Err(failed(format!("not done in {} s", PROBE_DEADLINE.as_secs())));
            }
            Err(error) => return Err(failed(error.to_string())),
        }
    }
}

fn cpu_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(used).unwrap_or(Duration::MAX)
}

/// The load itself: joins `cgroup`, then sends and receives one datagram and spins.
pub fn probe(cgroup: &Path) -> io::Result<()> {
    fs::write(cgroup.join("cgroup.procs"), "0")?;
    // Made after joining: a socket belongs to the cgroup in which it was made.
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    receiver.set_read_timeout(Some(Duration::from_secs(1)))?;
    receiver.send_to(b"count me", receiver.local_addr()?)?;
    receiver.recv(&mut [0; 16])?;
    // By its own time on a CPU: on a busy machine the clock goes on while others have it. From here on: what it took to
    // be started, several ms where the executable is not in memory, was used outside the cgroup.
    let end = cpu_time().saturating_add(SPIN);
    while cpu_time() < end {
        std::hint::spin_loop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{SPIN, cpu_time, probe};

    #[test]
    fn load_spins_in_the_cgroup_however_much_its_start_took() {
        let directory = tempfile::tempdir().unwrap();
        while cpu_time() < SPIN * 2 {
            std::hint::spin_loop();
        }
        let joined = cpu_time();
        probe(directory.path()).unwrap();
        let spun = cpu_time().saturating_sub(joined);
        assert!(spun >= SPIN, "{spun:?}");
    }
}
