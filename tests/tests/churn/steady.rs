//! Containers that stay: most do nothing, some compute under a quota, some send at a pace.

use std::thread;
use std::time::Duration;

use agent_tests::agent::Agent;
use agent_tests::cgroup::{kernel_cpu, processes};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::figures::as_f64;
use agent_tests::process::{self, Signal};
use agent_tests::traffic::interface_bytes;
use agent_tests::wait::wait_until;

const CONTAINERS: usize = 50;
const SPINNING: usize = 5;
const SENDING: usize = 5;
/// Started at one time.
const LANES: usize = 4;
/// The Ethernet header, which interface counters include.
const ETHERNET_BYTES: u64 = 14;
const DEADLINE: Duration = Duration::from_secs(20);
/// How far a total may be from the kernel's own account.
const MOST_PERCENT: f64 = 1.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    None,
    Spins,
    Sends,
}

impl Load {
    fn of(number: usize) -> Self {
        match number {
            _ if number < SPINNING => Self::Spins,
            _ if number < SPINNING + SENDING => Self::Sends,
            _ => Self::None,
        }
    }
}

/// They go with their engine.
pub(crate) struct Steady<'docker> {
    sink: Container<'docker>,
    sink_address: String,
    others: Vec<(Load, Container<'docker>)>,
}

impl<'docker> Steady<'docker> {
    /// Starts them, with their loads.
    pub(crate) fn start(docker: &'docker PrivateDocker) -> Self {
        let sink = docker.run("stays-sink", &[], &["udp-sink", "--port", "5202"]);
        let sink_address = sink.address();
        let to = format!("{sink_address}:5202");
        // the sink is one of them
        let numbers: Vec<usize> = (0..CONTAINERS - 1).collect();
        let start = |number: &usize| {
            let load = Load::of(*number);
            let options: &[&str] = if load == Load::Spins { &["--cpus", "0.05"] } else { &[] };
            let container = docker.run(&format!("stays-{number}"), options, &["serve"]);
            match load {
                Load::None => {}
                Load::Spins => container.exec_detached(&["spin", "--threads", "1", "--seconds", "7200"]),
                // 72 B and 28 B of headers
                Load::Sends => container.exec_detached(&[
                    "udp-send", "--to", &to, "--count", "2000000", "--size", "72", "--rate", "200",
                ]),
            }
            (load, container)
        };
        let others = thread::scope(|scope| {
            let lanes = numbers.chunks(numbers.len().div_ceil(LANES));
            let lanes: Vec<_> = lanes
                .map(|lane| scope.spawn(move || lane.iter().map(start).collect::<Vec<_>>()))
                .collect();
            lanes
                .into_iter()
                .flat_map(|lane| lane.join().expect("they start"))
                .collect()
        });
        Self {
            sink,
            sink_address,
            others,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.others.len() + 1
    }

    pub(crate) fn sink_address(&self) -> &str {
        &self.sink_address
    }

    /// Until the agent shows figures of all.
    #[track_caller]
    pub(crate) fn wait_until_shown(&self, agent: &Agent) {
        for (_, container) in &self.others {
            agent.sample(&container.id);
        }
    }

    /// Ends the loads, and gives a sentence for each total that is not what the kernel's own accounts say.
    #[track_caller]
    pub(crate) fn end_and_compare(&self, agent: &Agent) -> Vec<String> {
        let loaded: Vec<_> = self.others.iter().filter(|(load, _)| *load != Load::None).collect();
        for (_, container) in &loaded {
            end_load(container);
        }
        // nothing moves any more from the second sample on
        agent.samples(&self.sink.id, 2);
        let compare = |(load, container): &&(Load, Container<'_>)| match load {
            Load::Spins => cpu(agent, container),
            Load::Sends | Load::None => network(agent, container),
        };
        let mut problems: Vec<String> = loaded.iter().flat_map(compare).collect();
        problems.extend(network(agent, &self.sink));
        problems
    }
}

/// Ends what runs beside the container's first process.
#[track_caller]
fn end_load(container: &Container<'_>) {
    let first = container.pid();
    for pid in processes(&container.id).into_iter().filter(|pid| *pid != first) {
        process::signal(pid, Signal::TERM);
    }
    wait_until("a load to end", DEADLINE, || {
        let left = processes(&container.id);
        (left == [first]).then_some(()).ok_or_else(|| format!("{left:?}"))
    });
}

/// CPU time since the start beside both accounts of the kernel.
#[track_caller]
fn cpu(agent: &Agent, container: &Container<'_>) -> Vec<String> {
    let ours = agent.sample(&container.id).counters.cpu();
    let kernel = kernel_cpu(&container.id);
    let accounts = [("cpu.stat", kernel.cpu_stat_ns), ("cpuacct", kernel.cpuacct_ns)];
    let kept = accounts.into_iter().filter_map(|(name, ns)| Some((name, ns?)));
    kept.filter_map(|(name, ns)| off(&container.name, &format!("CPU ns beside {name}"), ours, ns))
        .collect()
}

/// Bytes with their Ethernet headers beside what the interface counted.
#[track_caller]
fn network(agent: &Agent, container: &Container<'_>) -> Vec<String> {
    let ours = agent.sample(&container.id).counters;
    let interface = interface_bytes(container).expect("a bridged container has an interface");
    let framed = |bytes: u64, packets: Option<u64>| bytes + ETHERNET_BYTES * packets.expect("packets are measured");
    // what a container that only sends receives is the bridge's own small talk
    let (what, ours, interface) = if ours.tx() > ours.rx() {
        (
            "bytes sent beside its interface",
            framed(ours.tx(), ours.tx_packets),
            interface.tx,
        )
    } else {
        (
            "bytes received beside its interface",
            framed(ours.rx(), ours.rx_packets),
            interface.rx,
        )
    };
    off(&container.name, what, ours, interface).into_iter().collect()
}

/// A sentence, unless `ours` is close to `reference`.
fn off(name: &str, what: &str, ours: u64, reference: u64) -> Option<String> {
    let percent = 100.0 * (as_f64(ours) / as_f64(reference) - 1.0);
    let line = format!("{name}: {what}: {ours} and {reference} ({percent:+.3} %)");
    println!("{line}");
    // a reference of nothing makes no number, which is not close either
    let close = percent.abs() <= MOST_PERCENT;
    (!close).then_some(line)
}
