//! Docker's own figures, where they are asked for; and both sources agree.

#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

use std::ops::RangeInclusive;
use std::thread;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_for_idle_machine;
use serde_json::Value;

use agent_tests::cgroup::kernel_cpu;
use agent_tests::figures::{MIB_100, as_f64, assert_close, assert_mean_cpu_as_accounted, cpu_of};
use agent_tests::recorder::{Record, Recorder, distance};
use agent_tests::sample::Sample;
use agent_tests::traffic::send_100_mib;

const SAMPLES: usize = 5;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn source_docker_gets_dockers_figures() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker"])
        .start();
    assert_docker_source(&docker, &agent);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn both_sources_tell_the_same_of_the_same_load() {
    let docker = PrivateDocker::start();
    let by_kernel = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "ebpf"])
        .start();
    let by_docker = AgentCommand::for_docker(&docker.url())
        .args(&["--source", "docker"])
        .start();
    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let container = docker.run("loaded", &[], &["sleep", "--seconds", "300"]);
    let to = format!("{}:5201", sink.address());
    wait_for_idle_machine();
    container.exec_detached(&["spin", "--threads", "1", "--seconds", "20"]);
    container.exec_detached(&["tcp-send", "--to", &to, "--bytes", "200000000", "--rate", "10000000"]);

    let mean = |figures: &[f64]| figures.iter().sum::<f64>() / f64::from(u32::try_from(figures.len()).expect("few"));
    // Both over the same time, but not the same seconds of it: what else runs on this machine, and its hypervisor, take from
    // each second as they like. So the kernel's own account of each one's seconds is what its figures are held against.
    let id = &container.id;
    let account = Recorder::start({
        let id = id.clone();
        move || kernel_cpu(&id).finest_ns()
    });
    let of_both: [Vec<Sample>; 2] = thread::scope(|scope| {
        let samples = |agent| scope.spawn(move || Agent::samples(agent, id, SAMPLES));
        [&by_kernel, &by_docker]
            .map(samples)
            .map(|samples| samples.join().expect("it samples"))
    });
    // the last sample ends between two readings
    by_kernel.next_sample(id);
    let account = account.stop();
    let [kernel, engine] = of_both.map(|samples| {
        let sent: Vec<f64> = samples.iter().map(|sample| sample.net.tx).collect();
        println!("{}: cpu {:?}, sent {sent:?}", samples[0].source, cpu_of(&samples));
        (as_accounted(&samples, &account), mean(&sent), samples[0].memory)
    });
    // together the 5 % by which the two may differ
    for ((told, accounted), share) in [(&kernel.0, 0.01), (&engine.0, 0.04)] {
        assert!(
            distance(*told, accounted) <= share * accounted.start(),
            "cpu: {kernel:?} {engine:?}"
        );
    }
    assert!(
        (kernel.1 - engine.1).abs() <= 0.05 * kernel.1,
        "sent: {kernel:?} {engine:?}"
    );
    println!("memory: {} {}", kernel.2, engine.2);
    assert!(
        kernel.2.abs_diff(engine.2) <= kernel.2 / 20 + 65_536,
        "memory: {kernel:?} {engine:?}"
    );

    let shape = |agent: &Agent| {
        let body = agent
            .get(&format!("/container/{}/status", container.id))
            .must_be(200)
            .json();
        for name in ["cpu", "memory", "free_memory", "source"] {
            assert!(!body[name].is_null(), "{name}: {body}");
        }
        assert!(body["net"]["rx"].is_number() && body["net"]["tx"].is_number(), "{body}");
        body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(shape(&by_kernel), shape(&by_docker));
}

/// CPU over all these samples as they tell it, and by how much at least and at most the kernel's own account has grown over
/// their intervals; both in percent of one CPU.
#[track_caller]
fn as_accounted(samples: &[Sample], account: &Record) -> (f64, RangeInclusive<f64>) {
    let length_ms: f64 = samples.iter().map(|sample| sample.interval_ms).sum();
    let told: f64 = samples.iter().map(|sample| sample.cpu * sample.interval_ms).sum();
    let mut grown_ns = (0, 0);
    for sample in samples {
        let grown = account.growth_in(sample).expect("the account was read all the while");
        grown_ns = (grown_ns.0 + grown.start(), grown_ns.1 + grown.end());
    }
    let percent = |ns: u64| as_f64(ns) / length_ms / 1e4;
    (told / length_ms, percent(grown_ns.0)..=percent(grown_ns.1))
}

/// Says so once with the reason; and its figures of rows 1 to 3 are within 5 %.
#[track_caller]
fn assert_docker_source(docker: &PrivateDocker, agent: &Agent) {
    let status = agent.get("/status").must_be(200).json();
    let of_the_programs = ["map_entries", "lost_updates", "missed_switches", "cpu_account"];
    let told = of_the_programs.map(|field| status["agent"].get(field).is_some());
    assert_eq!(told, [false; 4], "nobody counts them: {status}");
    assert_eq!(status["source"], "docker", "{status}");
    let reason = status["source_reason"]
        .as_str()
        .expect("the API tells the reason")
        .to_owned();
    println!("{reason}");
    assert_eq!(reason.lines().count(), 1, "{reason}");
    let log = agent.log();
    let said = log.lines().filter(|line| line.contains(&reason)).count();
    assert_eq!(said, 1, "the log says it once:\n{log}");

    // name, options, threads that spin, and percent of one CPU of which a machine with other work may leave that much
    let loads: [(&str, &[&str], &str, RangeInclusive<f64>); 3] = [
        ("idle", &[], "1", 75.0..=105.0),
        ("half", &["--cpus", "0.5"], "2", 45.0..=52.5),
        ("full", &["--cpuset-cpus", "0,1"], "4", 150.0..=210.0),
    ];
    for (name, options, threads, usual) in loads {
        wait_for_idle_machine();
        let container = docker.run(name, options, &["sleep", "--seconds", "300"]);
        container.exec_detached(&["spin", "--threads", threads, "--seconds", "14"]);
        let accounted = assert_mean_cpu_as_accounted(agent, &container.id, SAMPLES);
        assert!(
            usual.contains(&accounted),
            "the load {name} had {accounted:.1}, not {usual:?}"
        );
        container.remove();
    }

    let sink = docker.run("sink", &[], &["tcp-sink", "--port", "5201"]);
    let sender = docker.run("sender", &[], &["sleep", "--seconds", "300"]);
    send_100_mib(&sender, &sink.address());
    let sent = agent.settled_network(&sender.id);
    let received = agent.settled_network(&sink.id);
    assert_close("sent", sent.counters.tx(), MIB_100, 0.05, 0.0);
    assert_close("received", received.counters.rx(), MIB_100, 0.05, 0.0);
    for id in [&sender.id, &sink.id] {
        let body = agent.get(&format!("/container/{id}/status")).must_be(200).json();
        assert_eq!(body.get("source"), Some(&Value::from("docker")), "{body}");
    }
}
