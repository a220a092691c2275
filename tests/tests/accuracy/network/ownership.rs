//! Whose a socket is: of the cgroup in which it was made, for ever; what a listener accepts is the listener's.

use std::fs;
use std::time::Duration;

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::cgroup;
use agent_tests::docker::PrivateDocker;
use agent_tests::figures::{MIB_100, as_f64};
use agent_tests::traffic::send_tcp;
use agent_tests::wait::{wait_until, wait_until_true};

use super::{exactly, idle, payload_and, start_agent};

const BYTES: u64 = MIB_100 / 5;
const DEADLINE: Duration = Duration::from_secs(15);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_a_passed_listener_accepts_counts_to_the_container_that_made_it() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let dir = docker.dir().join("passing");
    fs::create_dir(&dir).expect("the engine's directory is ours");
    let volume = format!("{}:/passing", dir.display());
    let options = ["--volume", volume.as_str()];
    let server = docker.run("server", &options, &["tcp-sink", "--given-at", "/passing/socket"]);
    wait_until_true("the server to wait for a listener", DEADLINE, || {
        dir.join("socket").exists()
    });
    let words = [
        "listen",
        "--port",
        "5201",
        "--give-to",
        "/passing/socket",
        "--seconds",
        "300",
    ];
    let maker = docker.run("creator", &options, &words);
    let sender = idle(&docker, "sender", &[]);
    let address = maker.address();
    let [made, accepted] = agent.moved([&maker, &server], || send_tcp(&sender, &address, BYTES));

    let mut scenario = Scenario::new(
        "14",
        "20 MiB to a listener that one container made and passed to another",
    );
    scenario.counter("received by its creator", made.rx, Unit::Bytes, payload_and(BYTES, 0.5));
    scenario.counter(
        "by the one that accepted and read",
        accepted.rx + accepted.tx,
        Unit::Bytes,
        exactly(0),
    );
    scenario.text("the one that read", &server.log(), &format!("received {BYTES}"));
    scenario.finish();
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_socket_counts_to_the_cgroup_in_which_it_was_made_also_when_its_process_moves() {
    let docker = PrivateDocker::start();
    let agent = start_agent(&docker);
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let old = idle(&docker, "old", &[]);
    let new = idle(&docker, "new", &[]);
    let to = format!("{}:5202", sink.address());
    let first = agent.sample(&old.id).counters.tx();
    let mut before_the_move = 0;
    let [left, entered] = agent.moved([&old, &new], || {
        let words = [
            "udp-send", "--to", &to, "--count", "10000", "--size", "1000", "--rate", "5000",
        ];
        old.exec_detached(&words);
        before_the_move = wait_until("the first datagrams to be counted", DEADLINE, || {
            let sent = agent.sample(&old.id).counters.tx() - first;
            if sent > 0 { Ok(sent) } else { Err("none".to_owned()) }
        });
        let main = old.pid();
        let others = cgroup::processes(&old.id).into_iter().filter(|pid| *pid != main);
        let moved = others.map(|pid| cgroup::move_into(&new.id, pid)).count();
        assert_eq!(moved, 1, "the sender is the one process besides the first");
        let resident = cgroup::processes(&new.id).len();
        wait_until("the sender to end", DEADLINE, || {
            let now = cgroup::processes(&new.id).len();
            if now < resident {
                Ok(())
            } else {
                Err(format!("{now} processes"))
            }
        });
    });

    let mut scenario = Scenario::new(
        "15",
        "a process moves to another cgroup while it sends 10,000 UDP datagrams of 1,000 B",
    );
    let part = Bound::Between(1.0, as_f64(10_279_999));
    scenario.counter("sent when it moved", before_the_move, Unit::Bytes, part);
    scenario.counter(
        "cgroup in which the socket was made: sent",
        left.tx,
        Unit::Bytes,
        exactly(10_280_000),
    );
    scenario.counter("cgroup of the process: sent", entered.tx, Unit::Bytes, exactly(0));
    scenario.finish();
}
