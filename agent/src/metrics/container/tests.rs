use std::collections::HashMap;

use super::*;
use crate::{
    cgroup::{ContainerDirs, Mounts},
    containers::{ContainerId, DockerState, Limits, OomKills, RunState, container::Place},
    history::Moment,
    rates::{Counters, NetCounters, Rates},
    snapshot::{MemoryUse, Published},
    usage::Source,
};

const STARTED: Option<u64> = Some(5_000_000_000);

fn container(number: usize, name: &str) -> Container {
    Container {
        name: name.into(),
        image: "image:1".into(),
        state: RunState::Running,
        started_ns: STARTED,
        limits: Some(Limits::default()),
        ..Container::unknown(format!("{number:064x}").parse().unwrap())
    }
}

fn usage(net: bool) -> ContainerUsage {
    ContainerUsage {
        source: Source::Ebpf,
        rates: Rates {
            cpu_percent: 1.0,
            net: None,
            elapsed_ns: 1,
        },
        counters: Counters {
            cpu_ns: 1_500_000_000,
            net: net.then(|| NetCounters {
                rx_bytes: 7,
                ..NetCounters::default()
            }),
        },
        total: Counters {
            cpu_ns: 1_500_000_000,
            net: net.then(|| NetCounters {
                rx_bytes: 7,
                ..NetCounters::default()
            }),
        },
        sampled_ns: 9_000_000_000,
        memory: Some(MemoryUse {
            used_bytes: 4096,
            free_bytes: None,
        }),
        started_ns: STARTED,
    }
}

fn scrape(containers: Vec<Container>, usage: impl Fn(&Container) -> Option<ContainerUsage>) -> String {
    scrape_after(HashMap::new(), containers, usage)
}

fn scrape_after(
    oom_kills: HashMap<ContainerId, OomKills>,
    containers: Vec<Container>,
    usage: impl Fn(&Container) -> Option<ContainerUsage>,
) -> String {
    let table = ContainerTable {
        docker: DockerState::Connected,
        by_id: containers
            .into_iter()
            .map(|container| (container.id, Arc::new(container)))
            .collect(),
        oom_kills,
        ..ContainerTable::default()
    };
    let known: HashMap<_, _> = table
        .by_id
        .iter()
        .filter_map(|(id, container)| Some((*id, Published::new(usage(container)?))))
        .collect();
    let snapshot = Snapshot {
        at: Moment {
            at_ns: 0,
            wall_ns: 9_000_000_000,
        },
        containers: known,
        ..Snapshot::default()
    };
    let mut files = CgroupFiles::new(Mounts::parse(b"", None));
    let mut families = families(&snapshot, &table, 1_000_000_000, &mut files);
    families.retain(|family| !family.series.is_empty());
    super::super::text::open(families)
}

#[test]
fn a_killed_process_is_told_also_when_its_cgroup_went_with_it() {
    let killed = container(1, "web-1-5");
    let mut kills = OomKills::default();
    assert!(kills.add(Some(5)));
    let text = scrape_after([(killed.id, kills)].into(), vec![killed], |_| Some(usage(true)));
    let told = text
        .lines()
        .find(|line| line.starts_with("container_oom_events_total{"));
    assert!(
        told.is_some_and(|line| line.ends_with(" 1.0") || line.ends_with(" 1")),
        "{told:?}"
    );
    let text = scrape(vec![container(1, "web-1-5")], |_| Some(usage(true)));
    assert!(!text.contains("container_oom_events_total{"), "not measured");
}

#[test]
fn a_container_has_the_names_and_labels_that_dashboards_ask_for() {
    let text = scrape(vec![container(1, "web-1-5")], |_| Some(usage(true)));
    let id = format!("/docker/{:064x}", 1);
    let labels = format!(r#"id="{id}",name="web-1-5",image="image:1""#);
    for wanted in [
        format!(r#"container_cpu_usage_seconds_total{{{labels},cpu="total"}} 1.5"#),
        format!("container_last_seen{{{labels}}} 9.0"),
        format!("container_start_time_seconds{{{labels}}} 5.0"),
        format!("container_memory_working_set_bytes{{{labels}}} 4096.0"),
        format!("container_spec_memory_limit_bytes{{{labels}}} 0.0"),
        format!(r#"container_network_receive_bytes_total{{{labels},interface="all",network_mode="own"}} 7.0"#),
    ] {
        assert!(text.lines().any(|line| line == wanted), "{wanted} is not in\n{text}");
    }
    // what has no figure has no series: no quota, no cgroup
    for absent in [
        "container_cpu_cfs_periods",
        "container_memory_rss",
        "container_spec_cpu_quota",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
}

#[test]
fn traffic_that_nobody_measures_has_no_series_and_that_of_the_hosts_network_is_flagged() {
    let host = Container {
        network: NetworkMode::Host,
        ..container(1, "host")
    };
    let text = scrape(vec![host, container(2, "blind")], |container| {
        Some(usage(&*container.name == "host"))
    });
    assert!(text.contains(r#"network_mode="host""#));
    assert!(
        !text
            .lines()
            .any(|line| line.starts_with("container_network") && line.contains("blind")),
        "{text}"
    );
}

#[test]
fn labels_are_escaped_cut_and_the_same_for_all() {
    let labelled = Container {
        labels: [
            ("a.b".to_owned(), "x\"y\nz\\".to_owned()),
            ("a-b".to_owned(), "other".to_owned()),
        ]
        .into(),
        ..container(1, &"n".repeat(400))
    };
    let text = scrape(vec![labelled, container(2, "plain")], |_| Some(usage(false)));
    let seen: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("container_last_seen{"))
        .collect();
    assert_eq!(seen.len(), 2, "{text}");
    assert!(
        seen[0].contains(&format!(r#"name="{}","#, "n".repeat(LONGEST_VALUE))),
        "{}",
        seen[0]
    );
    // of two labels that come to one name the first is told, here the one with `-`
    assert!(seen[0].contains(r#"container_label_a_b="other""#), "{}", seen[0]);
    assert!(seen[1].contains(r#"container_label_a_b="""#), "{}", seen[1]);
    let escaped = Container {
        labels: [("a".to_owned(), "x\"y\nz\\".to_owned())].into(),
        ..container(1, "one")
    };
    let text = scrape(vec![escaped], |_| Some(usage(false)));
    assert!(text.contains(r#"container_label_a="x\"y\nz\\""#), "{text}");
}

#[test]
fn there_are_no_more_series_than_is_said() {
    let quota = Limits {
        cpu_quota_us: Some(1),
        ..Limits::default()
    };
    let dirs = ContainerDirs::default();
    let full = |number| Container {
        limits: Some(quota),
        created_ns: Some(1),
        place: Some(Place {
            dirs: dirs.clone(),
            cgroup_id: None,
        }),
        ..container(number, &format!("c{number:05}"))
    };
    // every figure that there is, plus those of the cgroup's files
    let each = 1 + FIGURES.len() + 2 + NET_FIGURES.len();
    assert!(each <= SERIES_EACH, "{each}");
    let text = scrape((0..MOST_CONTAINERS + 5).map(full).collect(), |_| Some(usage(true)));
    let seen = text
        .lines()
        .filter(|line| line.starts_with("container_last_seen{"))
        .count();
    assert_eq!(seen, MOST_CONTAINERS);
}

#[test]
fn a_container_without_figures_is_not_told() {
    assert_eq!(scrape(vec![container(1, "young")], |_| None), "# EOF\n");
}

#[test]
fn figures_of_the_run_before_are_not_told_of_this_one() {
    let again = |started_s: u64| Container {
        started_ns: Some(started_s * 1_000_000_000),
        ..container(1, "again")
    };
    let of_the_run = |container: &Container| ContainerUsage {
        started_ns: container.started_ns,
        ..usage(true)
    };
    assert_eq!(scrape(vec![again(6)], |_| Some(usage(true))), "# EOF\n");
    // and one that has run for less than an interval waits
    assert_eq!(
        scrape(vec![again(9)], |container| Some(of_the_run(container))),
        "# EOF\n"
    );
    assert!(scrape(vec![again(7)], |container| Some(of_the_run(container))).contains("again"));
}
