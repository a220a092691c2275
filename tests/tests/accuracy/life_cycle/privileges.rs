//! Less than root: what the agent counts from then, and how it says so.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::thread;
use std::time::Duration;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::cgroup::{KernelCpu, kernel_cpu, v2_dir};
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::as_f64;
use agent_tests::process::Signal;
use agent_tests::sample::Counters;

use super::{PACKET_BYTES, send};
use crate::parts::{exactly, idle, quick_agent};

/// A group that no user of the machine is in, in the place of the docker group.
const DOCKER_GROUP: u32 = 60_123;
const PACKETS: u64 = 5000;
const END_DEADLINE: Duration = Duration::from_secs(5);
/// Address resolution: it is in Docker's figures.
const SLACK_BYTES: f64 = 4096.0;

struct Level {
    id: &'static str,
    title: &'static str,
    /// What of the capabilities is changed, as setpriv takes it.
    set: Option<&'static str>,
    is_root: bool,
    /// Why the kernel does not count; it does without.
    reason: Option<&'static str>,
}

const LEVELS: [Level; 7] = [
    level("34", "root with all capabilities", None, None),
    level(
        "34b",
        "root with CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and CAP_DAC_OVERRIDE alone",
        Some("-all,+bpf,+perfmon,+net_admin,+dac_override"),
        None,
    ),
    level(
        "34c",
        "root without CAP_DAC_OVERRIDE, by which the root of the cgroup tree is written to",
        Some("-dac_override"),
        Some("CAP_DAC_OVERRIDE"),
    ),
    level(
        "34d",
        "root without CAP_NET_ADMIN",
        Some("-net_admin"),
        Some("CAP_NET_ADMIN"),
    ),
    level(
        "34e",
        "root without CAP_PERFMON, and without CAP_SYS_ADMIN, which stands for it",
        Some("-perfmon,-sys_admin"),
        Some("CAP_PERFMON"),
    ),
    level(
        "34f",
        "root without CAP_BPF, and without CAP_SYS_ADMIN, which stands for it",
        Some("-bpf,-sys_admin"),
        Some("CAP_BPF"),
    ),
    Level {
        is_root: false,
        ..level(
            "34g",
            "an ordinary user in the group docker",
            Some("-all"),
            Some("CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"),
        )
    },
];

const fn level(
    id: &'static str,
    title: &'static str,
    set: Option<&'static str>,
    reason: Option<&'static str>,
) -> Level {
    Level {
        id,
        title,
        set,
        is_root: true,
        reason,
    }
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn less_privileges_give_dockers_figures_and_the_reason() {
    let docker = PrivateDocker::start();
    chown(docker.socket(), None, Some(DOCKER_GROUP)).expect("the socket is ours");
    fs::set_permissions(docker.socket(), fs::Permissions::from_mode(0o660)).expect("the socket is ours");
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let container = idle(&docker, "loaded", &[]);
    let to = format!("{}:5202", sink.address());
    let agents: Vec<Agent> = LEVELS
        .iter()
        .map(|level| level.command(&docker, quick_agent(&docker)).start_without_waiting())
        .collect();
    let settled = || -> Vec<Counters> {
        let settle = |agent: &Agent| agent.settled_network(&container.id).counters;
        thread::scope(|scope| {
            let tasks: Vec<_> = agents.iter().map(|agent| scope.spawn(move || settle(agent))).collect();
            tasks.into_iter().map(|task| task.join().expect("it is told")).collect()
        })
    };
    agents.iter().for_each(Agent::wait_until_ready);
    let (before, accounted_before) = (settled(), kernel_cpu(&container.id));
    send(&v2_dir(&container.id), &container, &to, PACKETS);
    container.exec(&["spin", "--threads", "1", "--seconds", "2"]);
    let (after, accounted_after) = (settled(), kernel_cpu(&container.id));

    for (((level, agent), before), after) in LEVELS.iter().zip(&agents).zip(before).zip(after) {
        let mut scenario = Scenario::new(level.id, level.title);
        level.tell_source(&mut scenario, agent);
        let sent = after.tx() - before.tx();
        let all = PACKETS * PACKET_BYTES;
        let bound = if level.reason.is_none() {
            exactly(all)
        } else {
            near_bytes(all)
        };
        scenario.counter("sent in 5,000 packets of 1,000 B", sent, Unit::Bytes, bound);
        let seconds = as_f64(after.cpu() - before.cpu()) / 1e9;
        let near = Bound::Near {
            reference: as_f64(level.account(&accounted_after) - level.account(&accounted_before)) / 1e9,
            percent: 1.0,
            slack: 0.0,
        };
        scenario.number("CPU time, beside the kernel's account", seconds, Unit::Seconds, near);
        agent.signal(Signal::TERM);
        let code = agent.wait_for_end(END_DEADLINE).code();
        scenario.text("exit code on SIGTERM", &shown(code), "0");
        if level.reason.is_some() {
            let command = level.command(&docker, AgentCommand::for_docker(&docker.url()));
            let (status, said) = command
                .args(&["--source", "ebpf", "--listen", "127.0.0.1:0"])
                .run_to_end();
            scenario.text("exit code with `--source ebpf`", &shown(status.code()), "64");
            // the attempts before the last are in the log, too
            let last = said.lines().last().unwrap_or_default();
            scenario.says("what it says last", last, level.reason.unwrap_or_default());
        }
        scenario.finish();
    }
}

impl Level {
    fn command(&self, docker: &PrivateDocker, command: AgentCommand) -> AgentCommand {
        let Some(set) = self.set else { return command };
        let caps = ["setpriv", "--inh-caps", set, "--bounding-set", set];
        if self.is_root {
            return command.through(&caps);
        }
        let group = DOCKER_GROUP.to_string();
        let user = ["--reuid", "65534", "--regid", "65534", "--groups", &group];
        command.through(&[&caps[..], &user].concat()).copied_to(docker.dir())
    }

    /// What the kernel itself has charged: Docker takes it from the v1 tree where there is one.
    #[track_caller]
    fn account(&self, cpu: &KernelCpu) -> u64 {
        let of_docker = cpu.cpuacct_ns.filter(|_| self.reason.is_some());
        of_docker.or(cpu.cpu_stat_ns).expect("there is a v2 tree")
    }

    /// The source, and the reason in the API and once in the log.
    #[track_caller]
    fn tell_source(&self, scenario: &mut Scenario, agent: &Agent) {
        let status = agent.get("/status").must_be(200).json();
        let source = status["source"].as_str().unwrap_or_default();
        let Some(part) = self.reason else {
            scenario.text("source", source, "ebpf");
            return;
        };
        scenario.text("source", source, "docker");
        let reason = status["source_reason"].as_str().unwrap_or_default();
        scenario.says("its reason", reason, part);
        let log = agent.log();
        let said = log
            .lines()
            .filter(|line| !reason.is_empty() && line.contains(reason))
            .count();
        let said = u64::try_from(said).unwrap_or(u64::MAX);
        scenario.counter("lines of the log that tell it", said, Unit::Count, exactly(1));
    }
}

fn near_bytes(reference: u64) -> Bound {
    Bound::Near {
        reference: as_f64(reference),
        percent: 0.0,
        slack: SLACK_BYTES,
    }
}

fn shown(code: Option<i32>) -> String {
    code.map_or_else(|| "none".to_owned(), |code| code.to_string())
}
