//! Cgroups below a container's own, as systemd and Docker inside a container make them.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
use agent_tests::cgroup::{ChildCgroup, kernel_cpu};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::as_f64;
use agent_tests::process::Signal;
use agent_tests::traffic::Moved;

use super::{PACKET_BYTES, run_in, send};
use crate::parts::{exactly, idle, start_agent};

const PACKETS: u64 = 10_000;
/// As Docker in a container makes them.
const OF_DOCKER: &str = "docker/5e1f0000000000000000000000000000000000000000000000000000000000ff";
/// Beyond what the kernel programs keep of a cgroup's ancestors.
const DEEP: &str = "a/b/c/d/e/f/g/h";

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_runs_in_a_cgroup_below_the_container_counts_to_the_container() {
    let docker = PrivateDocker::start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let container = idle(&docker, "nesting", &[]);
    // where systemd puts the first process: the agent finds the container by it
    let init = ChildCgroup::create(&container.id, "init.scope");
    init.take(container.pid());
    let agent = start_agent(&docker);
    let stage = Stage {
        agent: &agent,
        container: &container,
        sink: &sink,
    };

    let used = stage.used_in(|| {
        let child = ChildCgroup::create(&container.id, OF_DOCKER);
        stage.load(&child);
        agent.next_sample(&container.id);
        child.remove();
    });
    used.tell(
        "28",
        "10,000 packets and 1 s of CPU in a cgroup two levels below the container's",
    );

    let used = stage.used_in(|| {
        let child = ChildCgroup::create(&container.id, DEEP);
        stage.load(&child);
        child.remove();
    });
    used.tell(
        "28b",
        "the load of no. 28 in a cgroup eight levels below the container's",
    );

    let used = stage.used_in(|| {
        // it cannot look while it is stopped
        agent.signal(Signal::STOP);
        let child = ChildCgroup::create(&container.id, OF_DOCKER);
        stage.load(&child);
        child.remove();
        agent.signal(Signal::CONT);
    });
    used.tell(
        "28c",
        "the load of no. 28, in a cgroup that is gone before the agent has looked",
    );
}

struct Stage<'a> {
    agent: &'a Agent,
    container: &'a Container<'a>,
    sink: &'a Container<'a>,
}

struct Used {
    sent: Moved,
    received: Moved,
    cpu_ns: u64,
    accounted_ns: u64,
}

impl Stage<'_> {
    /// Both kinds of load in that cgroup, to their end.
    #[track_caller]
    fn load(&self, child: &ChildCgroup) {
        let to = format!("{}:5202", self.sink.address());
        send(child.dir(), self.container, &to, PACKETS);
        run_in(
            child.dir(),
            self.container,
            &["spin", "--threads", "1", "--seconds", "1"],
        );
    }

    #[track_caller]
    fn used_in(&self, work: impl FnOnce()) -> Used {
        let id = &self.container.id;
        let cpu = || {
            let ours = self.agent.settled_cpu(id).counters.cpu();
            (ours, kernel_cpu(id).cpu_stat_ns.expect("there is a v2 tree"))
        };
        let before = cpu();
        let [sent, received] = self.agent.moved([self.container, self.sink], work);
        let after = cpu();
        Used {
            sent,
            received,
            cpu_ns: after.0 - before.0,
            accounted_ns: after.1 - before.1,
        }
    }
}

impl Used {
    #[track_caller]
    fn tell(&self, id: &'static str, title: &'static str) {
        let mut scenario = Scenario::new(id, title);
        let all = PACKETS * PACKET_BYTES;
        scenario.counter("sent by the container", self.sent.tx, Unit::Bytes, exactly(all));
        scenario.counter("received by the sink", self.received.rx, Unit::Bytes, exactly(all));
        let near = Bound::Near {
            reference: as_f64(self.accounted_ns) / 1e9,
            percent: 0.5,
            slack: 0.0,
        };
        let seconds = as_f64(self.cpu_ns) / 1e9;
        scenario.number("CPU time, beside `cpu.stat`", seconds, Unit::Seconds, near);
        scenario.finish();
    }
}
