//! A real Prometheus, the alerts of `deploy/`, and the queries of dashboards that people have already.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::AgentCommand;
use agent_tests::cgroup;
use agent_tests::docker::PrivateDocker;
use agent_tests::prometheus::{Prometheus, promtool};
use agent_tests::wait::wait_until;
use serde_json::Value;

use crate::measured;

/// For how long it scrapes; by hand `BALANCER_PROMETHEUS_SECONDS=300`.
fn seconds() -> u64 {
    let given = std::env::var("BALANCER_PROMETHEUS_SECONDS").ok();
    given.map_or(45, |text| text.parse().expect("a number of seconds"))
}

/// A rate from the kernel's account.
const MOST_APART: f64 = 0.02;
/// A window, in seconds, in which a tick more or less is no matter.
const LONG_WINDOW: u64 = 60;

/// Queries of the dashboards 193, 14282 and 1860 of grafana.com that ask for what the agent measures.
const QUERIES: &[(&str, &str)] = &[
    ("193", r#"count(container_last_seen{image!=""})"#),
    ("193", r#"sum(container_memory_usage_bytes{image!=""})"#),
    ("193", r#"container_memory_usage_bytes{image!=""}"#),
    (
        "193",
        r#"rate(container_cpu_user_seconds_total{image!=""}[RANGE]) * 100"#,
    ),
    (
        "193",
        r#"irate(container_network_receive_bytes_total{image!=""}[RANGE])"#,
    ),
    (
        "193",
        r#"irate(container_network_transmit_bytes_total{image!=""}[RANGE])"#,
    ),
    ("14282", r#"{__name__=~"container.*"}"#),
    (
        "14282",
        r#"sum(rate(container_cpu_usage_seconds_total{instance=~".*",name=~".*",name=~".+"}[RANGE])) by (name) * 100"#,
    ),
    (
        "14282",
        r#"sum(container_memory_rss{instance=~".*",name=~".+"}) by (name)"#,
    ),
    (
        "14282",
        r#"sum(container_memory_cache{instance=~".*",name=~".+"}) by (name)"#,
    ),
    (
        "14282",
        r#"sum(rate(container_network_receive_bytes_total{instance=~".*",name=~".+"}[RANGE])) by (name)"#,
    ),
    (
        "14282",
        r#"sum(rate(container_network_transmit_bytes_total{instance=~".*",name=~".+"}[RANGE])) by (name)"#,
    ),
    (
        "14282",
        r#"(time() - container_start_time_seconds{instance=~".*",name=~".+"}) / 86400"#,
    ),
    (
        "14282",
        r#"count(container_last_seen{container_label_com_docker_compose_project="shop"}) by (container_label_com_docker_compose_service, image)"#,
    ),
    ("1860", r#"node_uname_info{nodename=~".+"}"#),
    (
        "1860",
        r#"sum by (instance) (irate(node_cpu_seconds_total{mode="system"}[RANGE]))"#,
    ),
    ("1860", "irate(node_cpu_guest_seconds_total[RANGE])"),
    ("1860", "node_load1 + node_load5 + node_load15"),
    (
        "1860",
        "node_memory_MemTotal_bytes - node_memory_MemFree_bytes - node_memory_Buffers_bytes - node_memory_Cached_bytes - node_memory_SReclaimable_bytes",
    ),
    ("1860", "node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes"),
    (
        "1860",
        "node_memory_Active_bytes + node_memory_Inactive_bytes + node_memory_Slab_bytes + node_memory_PageTables_bytes",
    ),
    (
        "1860",
        "node_memory_Committed_AS_bytes + node_memory_CommitLimit_bytes + node_memory_KernelStack_bytes",
    ),
    ("1860", "irate(node_network_receive_bytes_total[RANGE]) * 8"),
    ("1860", "irate(node_network_transmit_errs_total[RANGE])"),
    ("1860", "irate(node_network_receive_drop_total[RANGE])"),
    ("1860", "irate(node_disk_reads_completed_total[RANGE])"),
    ("1860", "irate(node_disk_written_bytes_total[RANGE])"),
    ("1860", "irate(node_disk_io_time_seconds_total[RANGE])"),
    ("1860", "irate(node_context_switches_total[RANGE])"),
    ("1860", "irate(node_intr_total[RANGE])"),
    ("1860", "irate(node_forks_total[RANGE])"),
    ("1860", "node_procs_running + node_procs_blocked"),
    ("1860", "irate(node_vmstat_pgfault[RANGE])"),
    ("1860", "irate(node_vmstat_pgpgout[RANGE])"),
    ("1860", "node_time_seconds - node_boot_time_seconds"),
];

#[test]
#[ignore = "needs Prometheus: cargo xtask test"]
fn every_alert_fires_for_what_it_is_about_and_for_nothing_less() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/observers/alerts.test.yaml");
    let (ok, said) = promtool(&["test", "rules", &tests.display().to_string()], "");
    assert!(ok, "{said}");

    let tried = fs::read_to_string(&tests).expect("the file of this test");
    let alerts = fs::read_to_string(alerts()).expect("the alerts of deploy/");
    let names: Vec<_> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(!names.is_empty(), "{alerts}");
    for name in names {
        let fires = format!("alertname: {name}\n        exp_alerts:\n");
        let is_quiet = format!("alertname: {name}, exp_alerts: []");
        assert!(
            tried.contains(&fires) && tried.contains(&is_quiet),
            "{name} is not tried both ways"
        );
    }
}

/// What the panels of the dashboard in `deploy/` ask for, of all nodes and containers. Those that show only what is amiss are asked
/// for all.
fn queries_of_our_dashboard(range: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/containers.json");
    let text = fs::read_to_string(path).expect("the dashboard of deploy/");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().cloned().unwrap_or_default();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries = targets.filter_map(|target| target["expr"].as_str());
    let asked = queries.map(|query| {
        let query = query.replace("$__rate_interval", range).replace("$__range", range);
        let query = ["$job", "$node", "$container"]
            .iter()
            .fold(query, |query, variable| query.replace(variable, ".*"));
        query.trim_end_matches(" > 0").to_owned()
    });
    asked.collect()
}

fn alerts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus/alerts.yaml")
}

/// What the tool says of names that `node_exporter` took from `/proc/meminfo`, in letters of both sizes.
fn is_of_the_kernels_names(line: &str) -> bool {
    line.starts_with("node_memory_") && (line.contains("snake_case") || line.contains("unit"))
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_real_prometheus_finds_what_dashboards_ask_for_and_its_rates_are_the_kernels() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let compose = [
        "--label",
        "com.docker.compose.project=shop",
        "--label",
        "com.docker.compose.service=web",
        "--cpus",
        "0.5",
    ];
    let busy = docker.run("busy", &compose, &["spin", "--threads", "1", "--seconds", "600"]);
    let _idle = docker.run("idle", &[], &["sleep", "--seconds", "600"]);
    measured(&agent, "/containers/status", &["busy", "idle"]);

    for accept in ["", "Accept: application/openmetrics-text;version=1.0.0\r\n"] {
        let request = format!("GET /metrics HTTP/1.0\r\nHost: localhost\r\n{accept}\r\n");
        let text = agent.send_raw(request.as_bytes()).must_be(200).body.clone();
        if accept.is_empty() {
            let (_, said) = promtool(&["check", "metrics"], &text);
            let warnings: Vec<_> = said.lines().filter(|line| !is_of_the_kernels_names(line)).collect();
            println!(
                "promtool check metrics: {} lines on names of /proc/meminfo, {warnings:?}",
                said.lines().count()
            );
            assert!(warnings.is_empty(), "{warnings:#?}");
        }
    }

    let alerts = alerts();
    let (ok, said) = promtool(&["check", "rules", &alerts.display().to_string()], "");
    assert!(ok, "{said}");
    let prometheus = Prometheus::start(&agent.address, &[&alerts]);
    let window = (seconds() / 3).min(60);
    let range = format!("{window}s");
    wait_until("the first scrape", Duration::from_secs(20), || {
        match prometheus.query("up") {
            up if up.len() == 1 => Ok(()),
            up => Err(format!("{up:?}")),
        }
    });
    let start = Instant::now();
    let rest = |until: u64| Duration::from_secs(until).saturating_sub(start.elapsed());
    thread::sleep(rest(seconds() - window));
    let account = || (cgroup::kernel_cpu(&busy.id).finest_ns(), Instant::now());
    let (before_ns, before) = account();
    thread::sleep(rest(seconds()));
    let (after_ns, after) = account();
    #[expect(clippy::cast_precision_loss, reason = "ns of a minute")]
    let kernel = (after_ns - before_ns) as f64 / (after - before).as_nanos() as f64;
    let cpu = format!(r#"rate(container_cpu_usage_seconds_total{{name="busy"}}[{range}])"#);
    let seen = format!(r#"container_last_seen{{name="busy"}}[{range}]"#);
    // A scrape has the figures of the last tick. Where the two come at the same time there may be a tick more or less than
    // seconds between the first scrape of the range and the last.
    let a_tick = format!(
        "{cpu} * ignoring(cpu) (count_over_time({seen}) - 1) / ignoring(cpu) (max_over_time({seen}) - min_over_time({seen}))"
    );
    let apart = |query: &str| {
        let rate = prometheus
            .query(query)
            .first()
            .expect("the busy container has a rate")
            .1;
        println!(
            "{query}: {rate:.4} of a CPU, the kernel's account {kernel:.4}, {:.2} % apart",
            (rate / kernel - 1.0) * 100.0
        );
        (rate / kernel - 1.0).abs()
    };
    let (of_seconds, of_ticks) = (apart(&cpu), apart(&a_tick));
    assert!(of_ticks < MOST_APART, "{of_ticks}");
    assert!(window < LONG_WINDOW || of_seconds < MOST_APART, "{of_seconds}");

    let missed = prometheus.query(&format!(
        "count_over_time(up[{0}s]) - sum_over_time(up[{0}s])",
        seconds()
    ));
    let taken = prometheus.query(&format!("count_over_time(up[{}s])", seconds()));
    println!("scrapes {taken:?}, of them failed {missed:?}");
    assert!(missed.iter().all(|(_, count)| *count == 0.0), "{missed:?}");
    assert!(taken.iter().all(|(_, count)| *count >= 30.0), "{taken:?}");
    let empty: Vec<_> = QUERIES
        .iter()
        .filter(|(_, query)| prometheus.query(&query.replace("RANGE", &range)).is_empty())
        .collect();
    println!("{} queries of dashboards, without data: {empty:?}", QUERIES.len());
    assert!(empty.is_empty(), "{empty:#?}");
    let ours = queries_of_our_dashboard(&range);
    let empty: Vec<_> = ours.iter().filter(|query| prometheus.query(query).is_empty()).collect();
    println!("{} queries of our dashboard, without data: {empty:?}", ours.len());
    assert!(ours.len() >= 20 && empty.is_empty(), "{empty:#?}");
    // nothing to alert of on a node that is well, but that this one is asked without credentials over loopback
    let firing = prometheus.query(r#"ALERTS{alertstate="firing"}"#);
    assert!(firing.is_empty(), "{firing:?}");
}
