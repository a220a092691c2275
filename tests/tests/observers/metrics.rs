//! `GET /metrics`.

use std::collections::HashMap;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;

use crate::{SEEN_DEADLINE, measured};

/// Series and their figures.
fn scraped(agent: &Agent) -> HashMap<String, f64> {
    let reply = agent.get("/metrics");
    let text = &reply.must_be(200).body;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.map(|line| {
        let (series, figure) = line.rsplit_once(' ').expect("a figure behind each series");
        (series.to_owned(), figure.parse().expect("a number"))
    });
    series.collect()
}

/// The figure of this family for this container.
fn of(series: &HashMap<String, f64>, family: &str, name: &str) -> Option<f64> {
    let start = format!("{family}{{");
    let label = format!(r#"name="{name}""#);
    let mut found = series
        .iter()
        .filter(|(key, _)| key.starts_with(&start) && key.contains(&label));
    found.next().map(|(_, figure)| *figure)
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn containers_and_the_node_are_told_by_the_names_that_dashboards_know() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let labels = [
        "--label",
        "com.docker.compose.project=shop",
        "--label",
        "secret=1",
        "--cpus",
        "0.5",
        "--memory",
        "64m",
    ];
    let _busy = docker.run("busy", &labels, &["spin", "--threads", "1", "--seconds", "60"]);
    let _host = docker.run("host", &["--network", "host"], &["sleep", "--seconds", "60"]);
    measured(&agent, "/containers/status", &["busy", "host"]);
    let series = scraped(&agent);
    for family in [
        "container_cpu_usage_seconds_total",
        "container_cpu_user_seconds_total",
        "container_cpu_system_seconds_total",
        "container_cpu_cfs_throttled_seconds_total",
        "container_memory_usage_bytes",
        "container_memory_working_set_bytes",
        "container_memory_rss",
        "container_memory_cache",
        "container_last_seen",
        "container_start_time_seconds",
        "container_spec_memory_limit_bytes",
        "container_network_receive_bytes_total",
        "container_network_transmit_bytes_total",
    ] {
        assert!(
            of(&series, family, "busy").is_some(),
            "{family} in {:#?}",
            series.keys()
        );
    }
    assert_eq!(
        of(&series, "container_spec_memory_limit_bytes", "busy"),
        Some(f64::from(64 << 20))
    );
    let keys: Vec<&String> = series.keys().collect();
    let has = |parts: &[&str]| keys.iter().any(|key| parts.iter().all(|part| key.contains(part)));
    assert!(has(&[
        "container_last_seen",
        r#"container_label_com_docker_compose_project="shop""#,
        r#"name="busy""#
    ]));
    assert!(!has(&["secret"]), "labels are shown when they are asked for");
    assert!(has(&[
        "container_network_receive_bytes_total",
        r#"network_mode="host""#,
        r#"name="host""#
    ]));
    for family in [
        "node_uname_info",
        "node_cpu_seconds_total",
        "node_memory_MemAvailable_bytes",
        "node_load1",
        "machine_cpu_cores",
        "balancer_agent_docker_up",
        "balancer_agent_source",
        "process_cpu_seconds_total",
    ] {
        assert!(has(&[family]), "{family}");
    }
    let accept =
        "GET /metrics HTTP/1.0\r\nHost: localhost\r\nAccept: application/openmetrics-text;version=1.0.0\r\n\r\n";
    let open = agent.send_raw(accept.as_bytes());
    assert!(open.must_be(200).body.ends_with("# EOF\n"));
    assert!(
        open.header("content-type")
            .is_some_and(|kind| kind.starts_with("application/openmetrics-text"))
    );
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_container_that_has_ended_is_not_in_the_next_scrape() {
    let docker = PrivateDocker::start();
    // long enough that no tick comes between the two scrapes
    let agent = AgentCommand::for_docker(&docker.url())
        .args(&["--interval", "5s"])
        .start();
    let container = docker.run("brief", &[], &["sleep", "--seconds", "60"]);
    wait_until("the container in a scrape", SEEN_DEADLINE * 3, || {
        of(&scraped(&agent), "container_last_seen", "brief").ok_or_else(|| "not there".to_owned())
    });
    container.remove();
    wait_until("the agent to know that it is gone", SEEN_DEADLINE, || {
        match agent.get("/container/brief").status {
            404 => Ok(()),
            status => Err(status.to_string()),
        }
    });
    let series = scraped(&agent);
    let left: Vec<_> = series.keys().filter(|key| key.contains(r#"name="brief""#)).collect();
    assert!(left.is_empty(), "{left:?}");
}
