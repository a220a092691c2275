//! Callers that hold the agent's connections, and what others notice of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::PrivateDocker;
use agent_tests::process::{Signal, rss_kib};
use agent_tests::wait::wait_until_true;

/// What others may wait while somebody holds connections.
const MOST_P99: Duration = Duration::from_millis(20);
/// What holding connections may cost the agent.
const MOST_GROWTH_KIB: u64 = 10 * 1024;
const END_DEADLINE: Duration = Duration::from_secs(10);
/// Requests of others, one after the other.
const ASKED: usize = 1000;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn whoever_holds_connections_neither_slows_others_nor_fills_memory_nor_holds_up_the_end() {
    let docker = PrivateDocker::start();
    let _container = docker.run("bystander", &[], &["sleep", "--seconds", "600"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    // What the first requests of all take stays.
    asked(&agent, "nobody else");
    let before = rss_kib(agent.pid);

    let grown = |meanwhile: &str| {
        let grown = rss_kib(agent.pid).saturating_sub(before);
        println!("{meanwhile}: memory grew by {grown} KiB");
        assert!(grown < MOST_GROWTH_KIB, "{meanwhile}: {grown} KiB");
    };

    thread::scope(|scope| {
        let coming = scope.spawn(|| (0..10_000).for_each(|_| drop(connect(&agent))));
        while !coming.is_finished() {
            asked(&agent, "10,000 connections that come and go");
        }
    });
    grown("10,000 connections that came and went");

    let half: Vec<_> = (0..1000)
        .map(|_| begin(&agent, "GET /status HTTP/1.1\r\nHost: 127.0."))
        .collect();
    asked(&agent, "1,000 connections with half a head");
    grown("1,000 connections with half a head");

    let slow_head = "POST /containers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 16000\r\n\r\n{";
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut slow: Vec<_> = (0..256).map(|_| begin(&agent, slow_head)).collect();
            while !stop.load(Ordering::Relaxed) {
                // a byte now and then, as somebody with a bad line would
                slow.retain_mut(|stream| stream.write_all(b" ").is_ok());
                thread::sleep(Duration::from_millis(100));
            }
        });
        asked(&agent, "256 bodies that never end");
        grown("256 bodies that never end");
        stop.store(true, Ordering::Relaxed);
    });
    let mut huge = begin(
        &agent,
        "POST /containers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n",
    );
    let mut reply = [0; 12];
    huge.read_exact(&mut reply).expect("an answer before the body");
    assert_eq!(&reply, b"HTTP/1.1 413", "10 GB are refused by their announcement");
    grown("10 GB announced");

    let _more: Vec<_> = (0..300).map(|_| begin(&agent, "GET /sta")).collect();
    let _slow: Vec<_> = (0..100).map(|_| begin(&agent, slow_head)).collect();
    let told = Instant::now();
    agent.signal(Signal::TERM);
    let status = agent.wait_for_end(END_DEADLINE + Duration::from_secs(2));
    println!(
        "ended {:?} after SIGTERM, {} connections still held",
        told.elapsed(),
        half.len()
    );
    assert!(status.success() && told.elapsed() < END_DEADLINE, "{status}");
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_head_that_does_not_come_ends_its_connection_in_time() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker"])
        .start();
    let begun = Instant::now();
    let mut silent = [connect(&agent), begin(&agent, "GET /status HTTP/1.1\r\n")];
    wait_until_true("both to be closed", Duration::from_secs(15), || {
        silent.iter_mut().all(|stream| {
            stream.set_nonblocking(true).expect("a socket can be asked");
            matches!(stream.read(&mut [0; 512]), Ok(0))
        })
    });
    println!("closed after {:?}", begun.elapsed());
}

#[track_caller]
fn connect(agent: &Agent) -> TcpStream {
    TcpStream::connect(&agent.address).expect("the agent accepts connections")
}

/// A connection on which so much was sent. The agent may have closed it already to make room.
#[track_caller]
fn begin(agent: &Agent, text: &str) -> TcpStream {
    let mut stream = connect(agent);
    let _sent = stream.write_all(text.as_bytes());
    stream
}

/// Requests of others meanwhile, each on a connection of its own: none fails, and 99 % are answered in time.
#[track_caller]
fn asked(agent: &Agent, meanwhile: &str) {
    let mut took: Vec<Duration> = (0..ASKED)
        .map(|_| {
            let begun = Instant::now();
            let reply = agent.send_raw(b"GET /status HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
            assert_eq!(reply.status, 200, "{meanwhile}: {}", reply.body);
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    let p99 = took[ASKED * 99 / 100];
    println!(
        "{meanwhile}: p50 {:?}, p99 {p99:?}, most {:?}",
        took[ASKED / 2],
        took[ASKED - 1]
    );
    assert!(p99 <= MOST_P99, "{meanwhile}: p99 {p99:?}");
}
