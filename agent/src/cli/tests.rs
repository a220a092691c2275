use std::{path::PathBuf, time::Duration};

use super::*;
use crate::{
    access::{Policy, TlsFiles, credentials::TokenFiles},
    config::{ConsulTarget, DockerAddress},
};

pub(super) fn run(args: &[&str], environment: &[(&str, &str)]) -> Result<Config, Exit> {
    let args = ["balancer-agent"].iter().chain(args).map(OsString::from);
    parse(args, |name| {
        environment
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| OsString::from(value))
    })
    .map(|order| match order {
        Order::Serve(config) => *config,
        other => panic!("{other:?}"),
    })
}

fn listens_on(config: &Config) -> Vec<String> {
    config.listen.iter().map(ToString::to_string).collect()
}

#[test]
fn without_flags_and_environment_the_defaults_hold() {
    let config = run(&[], &[]).unwrap();
    assert_eq!(
        config,
        Config {
            docker: DockerAddress::Unix(PathBuf::from("/var/run/docker.sock")),
            listen: vec!["127.0.0.1:5000".parse().unwrap()],
            allow_unauthenticated: false,
            tokens: TokenFiles::default(),
            tls: None,
            allowed_hosts: Vec::new(),
            read_only: false,
            policy: Policy::default(),
            source: SourceChoice::Auto,
            interval: Duration::from_secs(1),
            proc_root: PathBuf::from("/proc"),
            cgroup_root: None,
            pull: PullPolicy::Missing,
            pull_timeout: Duration::from_mins(5),
            max_containers: 1024,
            consul: None,
            log: "info".to_owned(),
            fault: None,
            map_entries: None,
            metrics_labels: COMPOSE.map(str::to_owned).into(),
        }
    );
}

/// The labels that Compose gives its containers and dashboards ask for.
const COMPOSE: [&str; 3] = [
    "com.docker.compose.project",
    "com.docker.compose.project.working_dir",
    "com.docker.compose.service",
];

#[test]
fn every_flag_is_taken() {
    let config = run(
        &[
            "--docker-url=tcp://10.0.0.1",
            "--listen",
            "0.0.0.0:5000",
            "--listen",
            "[::1]:0",
            "--listen=unix:/run/agent.sock",
            "--read-token-file=/etc/read",
            "--admin-token-file=/etc/admin",
            "--tls-cert=/etc/cert",
            "--tls-key=/etc/key",
            "--tls-client-ca=/etc/ca",
            "--tls-admin=a.example,b.example",
            "--allowed-host",
            "node-7",
            "--read-only",
            "--managed-only",
            "--image-allow=a/",
            "--image-allow=b/",
            "--allow-unauthenticated",
            "--source",
            "ebpf",
            "--interval",
            "500ms",
            "--proc-root",
            "/host/proc",
            "--cgroup-root",
            "/host/cgroup",
            "--pull",
            "never",
            "--pull-timeout",
            "90s",
            "--max-containers",
            "100000",
            "--consul=http://127.0.0.1",
            "--consul-token-file=/etc/consul",
            "--log",
            "warn,balancer_agent=debug",
            "--fault",
            "no-flush",
            "--map-entries",
            "8",
            "--metrics-label",
            "a.b,c",
        ],
        &[],
    )
    .unwrap();
    assert_eq!(
        config,
        Config {
            docker: DockerAddress::Tcp {
                host: "10.0.0.1".to_owned(),
                port: 2375,
            },
            listen: ["0.0.0.0:5000", "[::1]:0", "unix:/run/agent.sock"]
                .map(|address| address.parse().unwrap())
                .to_vec(),
            allow_unauthenticated: true,
            tokens: TokenFiles {
                read: Some("/etc/read".into()),
                admin: Some("/etc/admin".into()),
            },
            tls: Some(TlsFiles {
                certificates: "/etc/cert".into(),
                key: "/etc/key".into(),
                client_ca: Some("/etc/ca".into()),
                admins: vec!["a.example".to_owned(), "b.example".to_owned()],
            }),
            allowed_hosts: vec!["node-7".to_owned()],
            read_only: true,
            policy: Policy {
                managed_only: true,
                image_allow: vec!["a/".to_owned(), "b/".to_owned()],
            },
            source: SourceChoice::Ebpf,
            interval: Duration::from_millis(500),
            proc_root: PathBuf::from("/host/proc"),
            cgroup_root: Some(PathBuf::from("/host/cgroup")),
            pull: PullPolicy::Never,
            pull_timeout: Duration::from_secs(90),
            max_containers: 100_000,
            consul: Some(ConsulTarget {
                host: "127.0.0.1".to_owned(),
                port: 8500,
                token_file: Some("/etc/consul".into()),
                service_address: None,
                service_port: 5000,
            }),
            log: "warn,balancer_agent=debug".to_owned(),
            fault: Some(Fault::NoFlush),
            map_entries: Some(8),
            metrics_labels: ["a.b", "c"].map(str::to_owned).into(),
        }
    );
}

#[test]
fn every_variable_is_taken() {
    let config = run(
        &[],
        &[
            ("DOCKER_URL", "unix:///run/d.sock"),
            ("AGENT_LISTEN", "127.0.0.1:1,127.0.0.1:2"),
            ("AGENT_ALLOW_UNAUTHENTICATED", "true"),
            ("AGENT_SOURCE", "docker"),
            ("AGENT_INTERVAL", "1m"),
            ("AGENT_PROC_ROOT", "/host/proc"),
            ("AGENT_CGROUP_ROOT", "/host/cgroup"),
            ("AGENT_PULL", "never"),
            ("AGENT_PULL_TIMEOUT", "1h"),
            ("AGENT_MAX_CONTAINERS", "7"),
            ("AGENT_LOG", "debug"),
        ],
    )
    .unwrap();
    assert_eq!(config.docker, DockerAddress::Unix(PathBuf::from("/run/d.sock")));
    assert_eq!(listens_on(&config), ["127.0.0.1:1", "127.0.0.1:2"]);
    assert_eq!(config.source, SourceChoice::Docker);
    assert_eq!(config.interval, Duration::from_mins(1));
    assert_eq!(config.proc_root, PathBuf::from("/host/proc"));
    assert_eq!(config.cgroup_root, Some(PathBuf::from("/host/cgroup")));
    assert_eq!(config.pull, PullPolicy::Never);
    assert_eq!(config.pull_timeout, Duration::from_hours(1));
    assert_eq!(config.max_containers, 7);
    assert_eq!(config.log, "debug");
}

#[test]
fn a_flag_wins_over_its_variable_and_an_empty_variable_is_not_set() {
    let environment = [
        ("AGENT_LISTEN", "127.0.0.1:1,127.0.0.1:2"),
        ("AGENT_INTERVAL", "2s"),
        ("AGENT_SOURCE", ""),
        ("AGENT_ALLOW_UNAUTHENTICATED", ""),
        ("AGENT_CGROUP_ROOT", ""),
        ("DOCKER_URL", ""),
    ];
    let config = run(&["--listen", "127.0.0.1:3", "--interval=3s"], &environment).unwrap();
    assert_eq!(listens_on(&config), ["127.0.0.1:3"]);
    assert_eq!(config.interval, Duration::from_secs(3));
    assert_eq!(config.source, SourceChoice::Auto);
    assert_eq!(config.cgroup_root, None);
    assert_eq!(
        config.docker,
        DockerAddress::Unix(PathBuf::from("/var/run/docker.sock"))
    );
}

#[test]
fn leave_to_serve_anybody_can_be_written_in_several_ways() {
    for (flag, variable, allowed) in [
        (None, None, false),
        (Some("--allow-unauthenticated"), None, true),
        (Some("--allow-unauthenticated=true"), None, true),
        (Some("--allow-unauthenticated=false"), Some("1"), false),
        (None, Some("1"), true),
        (None, Some("yes"), true),
        (None, Some("0"), false),
        (None, Some("off"), false),
    ] {
        let args: Vec<_> = flag.into_iter().chain(["--listen=0.0.0.0:5000"]).collect();
        let environment: Vec<_> = variable
            .into_iter()
            .map(|value| ("AGENT_ALLOW_UNAUTHENTICATED", value))
            .collect();
        assert_eq!(run(&args, &environment).is_ok(), allowed, "{flag:?} {variable:?}");
    }
}

#[test]
fn a_chore_takes_the_flags_and_the_variables_of_the_agent() {
    let environment = |name: &str| (name == "AGENT_INTERVAL").then(|| OsString::from("2s"));
    let of = |line: &str| parse(line.split(' ').map(OsString::from), environment).unwrap();
    let Order::Doctor { config, json: true } = of("balancer-agent doctor --json --listen 127.0.0.1:7") else {
        panic!("another order");
    };
    assert_eq!(listens_on(&config), ["127.0.0.1:7"]);
    assert_eq!(config.interval, Duration::from_secs(2));
    let order = of("balancer-agent healthcheck --ready");
    assert!(matches!(order, Order::Healthcheck { ready: true, .. }), "{order:?}");
    let Order::Serve(config) = of("balancer-agent --interval 3s") else {
        panic!("another order");
    };
    assert_eq!(config.interval, Duration::from_secs(3));
}

#[test]
fn clap_finds_nothing_wrong_with_the_flags() {
    Cli::command().debug_assert();
}
