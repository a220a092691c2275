//! More cgroups than the maps have room for: whom the kernel cannot tell, Docker's stats tell.

use std::fs;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::Agent;
use agent_tests::cgroup::{ChildCgroup, v2_dir};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::as_f64;
use agent_tests::recorder::{Recorder, distance};
use agent_tests::sample::Sample;
use agent_tests::wait::wait_until;

use super::{GIVEN_BACK_DEADLINE, PACKET_BYTES, health, send};
use crate::parts::{exactly, idle, quick_agent};

const ENTRIES: &str = "8";
const CONTAINERS: usize = 12;
/// A frame of Docker's stats a second, and two to begin with.
const TOLD_DEADLINE: Duration = Duration::from_secs(15);
/// Address resolution: it is in Docker's figures.
const SLACK_BYTES: u64 = 4096;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn containers_beyond_the_room_in_the_map_are_told_by_docker_until_there_is_room() {
    let docker = PrivateDocker::start();
    let agent = quick_agent(&docker).args(&["--map-entries", ENTRIES]).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let to = format!("{}:5202", sink.address());
    let (senders, first): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let agent = &agent;
        let start = |number| {
            let sender = idle(&docker, &format!("sender-{number}"), &[]);
            let id = sender.id.clone();
            (sender, scope.spawn(move || agent.sample(&id).source))
        };
        let started: Vec<_> = (1..CONTAINERS).map(start).collect();
        let told = |task: ScopedJoinHandle<'_, String>| task.join().expect("it is told");
        started.into_iter().map(|(sender, first)| (sender, told(first))).unzip()
    });
    for (sender, number) in senders.iter().zip(1..) {
        send(&v2_dir(&sender.id), sender, &to, packets(number));
    }
    let sent: Vec<Told> = senders
        .iter()
        .zip(1..)
        .map(|(sender, number)| Told::wait(&agent, sender, packets(number), |sample| sample.counters.tx()))
        .collect();
    let all = (1..CONTAINERS as u64).map(packets).sum();
    let received = Told::wait(&agent, &sink, all, |sample| sample.counters.rx());
    tell_sources(&agent, &sent, &received, &first);

    let (counted, uncounted): (Vec<_>, Vec<_>) =
        senders.into_iter().zip(sent).partition(|(_, told)| told.is_by("ebpf"));
    let containers = |some: Vec<(_, Told)>| some.into_iter().map(|(container, _)| container).collect::<Vec<_>>();
    come_and_go(&docker, &agent, &to, containers(counted), &containers(uncounted));
}

/// No two senders alike.
fn packets(number: u64) -> u64 {
    100 * number
}

#[track_caller]
fn tell_sources(agent: &Agent, sent: &[Told], received: &Told, first: &[String]) {
    let told: Vec<&Told> = sent.iter().chain([received]).collect();
    let number = |predicate: &dyn Fn(&Told) -> bool| {
        let number = told.iter().filter(|told| predicate(told)).count();
        u64::try_from(number).unwrap_or(u64::MAX)
    };
    let mut scenario = Scenario::new("30", "12 containers that send, and room for 8 cgroups in the maps");
    scenario.counter("told", number(&|_| true), Unit::Count, exactly(12));
    let by_kernel = number(&|told| told.is_by("ebpf"));
    scenario.counter("told by the kernel", by_kernel, Unit::Count, Bound::Between(1.0, 8.0));
    let wrong = number(&|told| told.is_by("ebpf") && told.off != 0);
    scenario.counter("of these, not to the byte", wrong, Unit::Count, exactly(0));
    let by_docker = number(&|told| told.is_by("docker"));
    let most = Bound::Between(4.0, 11.0);
    scenario.counter("told by Docker's stats", by_docker, Unit::Count, most);
    let wrong = number(&|told| told.is_by("docker") && told.off > SLACK_BYTES);
    scenario.counter("of these, more than 4,096 B off", wrong, Unit::Count, exactly(0));
    let changed = sent.iter().zip(first);
    let changed = changed.filter(|(told, first)| told.is_by("docker") && *first == "ebpf");
    let changed = u64::try_from(changed.count()).unwrap_or(u64::MAX);
    scenario.counter(
        "of these, told by the kernel first, with nothing",
        changed,
        Unit::Count,
        exactly(0),
    );
    let lost = health(agent, "lost_updates");
    scenario.counter("updates lost", lost, Unit::Count, Bound::AtLeast(1.0));
    let log = agent.log();
    let lines = log.lines().filter_map(|line| line.split_once("the kernel map is full"));
    let said: Vec<_> = lines.map(|(_, rest)| format!("the kernel map is full{rest}")).collect();
    scenario.says("its log", &said.concat(), "--max-containers");
    let lines = u64::try_from(said.len()).unwrap_or(u64::MAX);
    scenario.counter("lines of the log about it", lines, Unit::Count, exactly(1));
    scenario.finish();
}

/// A cgroup below a container that has an entry finds no room; then containers end, and leave theirs to others.
#[track_caller]
fn come_and_go(
    docker: &PrivateDocker,
    agent: &Agent,
    to: &str,
    mut counted: Vec<Container<'_>>,
    uncounted: &[Container<'_>],
) {
    let half = counted.pop().expect("some are told by the kernel");
    let below = ChildCgroup::create(&half.id, "below");
    send(below.dir(), &half, to, 1000);
    let in_part = wait_until("what has room in part to be found", TOLD_DEADLINE, || {
        told_by(agent, &half, "docker")
    });

    let [steady, late, ..] = uncounted else {
        unreachable!("there is room for 8 of 12, the sink among them")
    };
    let words = [
        "udp-send", "--to", to, "--size", "972", "--rate", "2000", "--count", "60000",
    ];
    let sent = record_packets(steady);
    steady.exec_detached(&words);
    let names = counted.iter().map(|container| container.name.as_str());
    docker.cli(&["rm", "--force"].into_iter().chain(names).collect::<Vec<_>>());
    drop(below);
    let first = wait_until("room for a container that had none", GIVEN_BACK_DEADLINE, || {
        told_by(agent, steady, "ebpf")
    });
    let again = wait_until("room for another", GIVEN_BACK_DEADLINE, || {
        send(&v2_dir(&late.id), late, to, 1);
        told_by(agent, late, "ebpf")
    });
    let sent = sent.stop();
    let [moved] = agent.moved([late], || send(&v2_dir(&late.id), late, to, 1000));

    let mut scenario = Scenario::new("30b", "the containers of no. 30, when cgroups come and go");
    scenario.text(
        "source of one with a cgroup below it for which there is no room",
        &in_part.source,
        "docker",
    );
    scenario.text(
        "source of one that had no room, when others have ended",
        &again.source,
        "ebpf",
    );
    scenario.counter(
        "1,000 packets that it sends then",
        moved.tx,
        Unit::Bytes,
        exactly(1000 * PACKET_BYTES),
    );
    let packets = sent.growth_in(&first).expect("its packets were counted all the while");
    let bytes = |packets: u64| as_f64(packets * PACKET_BYTES);
    let range = bytes(*packets.start())..=bytes(*packets.end());
    let told = first.net.tx * first.interval_ms / 1000.0;
    println!(
        "its first rate: {told} B in {} ms, its interface {range:?} B",
        first.interval_ms
    );
    scenario.number(
        "first rate of another, which sends meanwhile",
        first.net.tx,
        Unit::Bytes,
        Bound::AtLeast(1.0),
    );
    scenario.number(
        "bytes by which that is off what its interface counted in that interval",
        distance(told, &range),
        Unit::Bytes,
        Bound::AtMost(as_f64(SLACK_BYTES)),
    );
    scenario.finish();
}

/// Reads how many packets a container's interface has sent while the guard's thread runs.
#[track_caller]
fn record_packets(container: &Container<'_>) -> Recorder {
    /// In a line of `/proc/net/dev`, after the interface's name.
    const SENT_PACKETS: usize = 9;
    let path = format!("/proc/{}/net/dev", container.pid());
    Recorder::start(move || {
        let table = fs::read_to_string(&path).expect("the container runs");
        let line = table.lines().find_map(|line| line.trim_start().strip_prefix("eth0:"));
        let field = line.and_then(|line| line.split_whitespace().nth(SENT_PACKETS));
        let packets = field.and_then(|field| field.parse().ok());
        packets.expect("a container has an interface eth0")
    })
}

/// What was told of a container when it had all.
struct Told {
    sample: Sample,
    /// Bytes beyond what it sent or received.
    off: u64,
}

impl Told {
    #[track_caller]
    fn wait(agent: &Agent, container: &Container<'_>, packets: u64, figure: impl Fn(&Sample) -> u64) -> Self {
        let all = packets * PACKET_BYTES;
        wait_until(&format!("{all} B of {}", container.name), TOLD_DEADLINE, || {
            let sample = agent.try_sample(&container.id)?;
            let off = figure(&sample).checked_sub(all);
            let told = off.map(|off| Self {
                sample: sample.clone(),
                off,
            });
            told.ok_or_else(|| format!("{sample:?}"))
        })
    }

    fn is_by(&self, source: &str) -> bool {
        self.sample.source == source
    }
}

/// Its sample, if it is of that source.
fn told_by(agent: &Agent, container: &Container<'_>, source: &str) -> Result<Sample, String> {
    let sample = agent.try_sample(&container.id)?;
    if sample.source == source {
        Ok(sample)
    } else {
        Err(sample.source)
    }
}
