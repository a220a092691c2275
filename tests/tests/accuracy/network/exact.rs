//! No update is lost, also where many write to one counter.

use std::thread;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::process::{Signal, signal};

use super::{exactly, idle, start_agent, with_busybox};

const SENDERS: u64 = 8;
const EACH: u64 = 1_000_000;
/// 100 B of payload, 8 B of UDP and 20 B of IP header.
const PACKET_BYTES: u64 = 128;
/// Address resolution, which is no matter of a socket.
const MOST_OF_NO_SOCKET: f64 = 20.0;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn no_update_is_lost() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let sender = with_busybox(&docker, "sender", &[]);
    let source = idle(&docker, "source", &[]);
    let to = format!("{}:5202", sink.address());
    // its socket stays, and it takes no CPU from the senders
    signal(sink.pid(), Signal::STOP);
    let [moved] = agent.moved([&sender], || flood(&sender, &to, &[0, 1, 0, 1, 0, 1, 0, 1]));
    let mut scenario = Scenario::new(
        "17",
        "8 pinned senders of one container, 1,000,000 UDP datagrams of 100 B each",
    );
    scenario.counter("sent", moved.tx, Unit::Bytes, exactly(SENDERS * EACH * PACKET_BYTES));
    scenario.counter("packets sent", moved.tx_packets, Unit::Count, exactly(SENDERS * EACH));
    scenario.finish();

    // what arrives is taken in by an interrupt of the CPU that sends, and answered in it
    let steer =
        "mount -t sysfs sysfs /sys && mount -o remount,rw /sys && echo 1 > /sys/class/net/eth0/queues/rx-0/rps_cpus";
    sender.in_network(&["unshare", "--mount", "sh", "-c", steer]);
    sender.exec_detached(&["tcp-sink", "--port", "5201"]);
    let stream = format!("{}:5201", sender.address());
    let [moved] = agent.moved([&sender], || {
        thread::scope(|scope| {
            scope.spawn(|| flood(&sender, &to, &[0, 0]));
            let words = ["tcp-send", "--to", &stream, "--bytes", "1000000000"];
            source.exec(&words);
        });
    });
    let mut scenario = Scenario::new(
        "17b",
        "2 senders of 1,000,000 UDP datagrams on the CPU that takes in and acknowledges 1 GB of TCP for them",
    );
    let beyond = moved.docker().tx_packets.wrapping_sub(moved.tx_packets);
    let most = Bound::AtMost(MOST_OF_NO_SOCKET);
    scenario.counter("packets sent", moved.tx_packets, Unit::Count, Bound::Told);
    scenario.counter("packets that Docker counted and we did not", beyond, Unit::Count, most);
    let beyond = moved.docker().tx.wrapping_sub(moved.tx_framed());
    let most = Bound::AtMost(MOST_OF_NO_SOCKET * 42.0);
    scenario.counter("bytes that Docker counted and we did not", beyond, Unit::Bytes, most);
    scenario.finish();
}

/// A sender on each of these CPUs, as fast as it goes.
#[track_caller]
fn flood(container: &Container<'_>, to: &str, cpus: &[u32]) {
    let send = |cpu: u32| {
        let (cpu, count) = (cpu.to_string(), EACH.to_string());
        let words = ["/busybox", "taskset", "-c", &cpu, "/workload", "udp-send", "--to", to];
        let how = ["--count", &count, "--size", "100", "--rate", "1000000000"];
        container.exec_program(&[&words[..], &how].concat());
    };
    thread::scope(|scope| {
        for cpu in cpus {
            scope.spawn(|| send(*cpu));
        }
    });
}
