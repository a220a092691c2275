//! The tables of `docs/metrics.md`, made of a scrape that has every metric there is.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    fs,
};

use super::*;
use crate::{
    cgroup::{ContainerDirs, Mounts},
    containers::{Container, DockerState, Limits, RunState, container::Place},
    history::Moment,
    kernel::ProgramRuns,
    pages::hold_part,
    rates::{Counters, NetCounters, Rates},
    snapshot::{ContainerUsage, MemoryUse, Published},
    usage::{Source, choose::SourceDecision},
};

/// Files of the kernel: as short as they can be with all that is read of them.
const PROC: &[(&str, &str)] = &[
    (
        "stat",
        "cpu0 1 2 3 4 5 6 7 8 9 10\nintr 1\nctxt 1\nbtime 1\nprocesses 1\nprocs_running 1\nprocs_blocked 1\n",
    ),
    ("meminfo", "MemTotal: 1 kB\nSwapTotal: 1 kB\nHugePages_Total: 1\n"),
    ("loadavg", "1 1 1 1/1 1\n"),
    ("1/net/dev", "\n\neth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"),
    ("diskstats", "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n"),
    (
        "vmstat",
        "oom_kill 1\npgfault 1\npgmajfault 1\npgpgin 1\npgpgout 1\npswpin 1\npswpout 1\n",
    ),
    ("pressure/cpu", "some total=1\n"),
    ("pressure/io", "some total=1\nfull total=1\n"),
    ("pressure/memory", "some total=1\nfull total=1\n"),
];
const CGROUP: &[(&str, &str)] = &[
    (
        "cpu.stat",
        "user_usec 1\nsystem_usec 1\nnr_periods 1\nnr_throttled 1\nthrottled_usec 1\n",
    ),
    ("memory.current", "1\n"),
    ("memory.swap.current", "1\n"),
    (
        "memory.stat",
        "anon 1\nfile 1\nfile_mapped 1\nactive_file 1\ninactive_file 1\npgfault 1\npgmajfault 1\n",
    ),
    ("memory.events", "oom_kill 1\n"),
];

/// One metric, as the scrape has it.
#[derive(Debug, Default)]
struct Metric {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

#[test]
fn the_page_of_metrics_is_what_a_scrape_tells() {
    let metrics = read(&everything());
    for name in named_in_the_code() {
        let is_told = metrics.contains_key(&name) || metrics.contains_key(&format!("{name}_total"));
        assert!(is_told, "{name} is not in the scrape that the page is made of");
    }
    for (part, prefixes) in [
        ("metrics of containers", &["container_"][..]),
        ("metrics of the node", &["machine_", "node_"]),
        ("metrics of the agent", &["balancer_agent_", "process_"]),
    ] {
        let wanted = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
        hold_part("metrics.md", part, &table(&metrics, wanted));
    }
}

fn table(metrics: &BTreeMap<String, Metric>, wanted: impl Fn(&str) -> bool) -> String {
    let mut table = "| metric | kind | labels of its own | what |\n| --- | --- | --- | --- |\n".to_owned();
    for (name, metric) in metrics.iter().filter(|(name, _)| wanted(name)) {
        // every container has them
        let labels = metric
            .labels
            .iter()
            .filter(|label| !["id", "image", "name"].contains(&label.as_str()));
        let labels: Vec<_> = labels.map(|label| format!("`{label}`")).collect();
        let what = metric.help.trim_end_matches('.').replace('|', "\\|");
        let _ = writeln!(table, "| `{name}` | {} | {} | {what} |", metric.kind, labels.join(", "));
    }
    table
}

/// What the comments of the classic format say of each metric, and the names of its labels.
fn read(text: &str) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::<String, Metric>::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            metrics.entry(name.to_owned()).or_default().help = help.to_owned();
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            metrics.entry(name.to_owned()).or_default().kind = kind.to_owned();
        } else if let Some((name, rest)) = line.split_once('{') {
            let (labels, _) = rest.rsplit_once('}').unwrap();
            let names = labels
                .split("\",")
                .filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
            metrics.get_mut(name).unwrap().labels.extend(names);
        }
    }
    let lines_of_meminfo = "node_memory_";
    metrics.retain(|name, _| !name.starts_with(lines_of_meminfo));
    metrics
}

/// Names of metrics as the code writes them, so that none is missed here.
fn named_in_the_code() -> BTreeSet<String> {
    let sources = [
        include_str!("agent.rs"),
        include_str!("container.rs"),
        include_str!("container/figures.rs"),
        include_str!("node.rs"),
        include_str!("node/devices.rs"),
    ];
    let prefixes = ["container_", "node_", "machine_", "balancer_agent_", "process_"];
    let texts = sources
        .into_iter()
        .flat_map(|source| source.split('"').skip(1).step_by(2));
    let is_name = |text: &&str| {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        is_plain && !text.ends_with('_') && prefixes.iter().any(|prefix| text.starts_with(prefix))
    };
    texts.filter(is_name).map(str::to_owned).collect()
}

/// A scrape in which nothing is unknown: one container, one CPU, one interface, one disk.
fn everything() -> String {
    let root = tempfile::tempdir().unwrap();
    let trees = [("proc", PROC), ("cgroup/docker/x", CGROUP)];
    for (dir, (path, text)) in trees
        .into_iter()
        .flat_map(|(dir, files)| files.iter().map(move |file| (dir, file)))
    {
        let path = root.path().join(dir).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mountinfo = format!("30 1 0:26 / {}/cgroup rw - cgroup2 cgroup2 rw\n", root.path().display());
    let mut files = CgroupFiles::new(Mounts::parse(mountinfo.as_bytes(), None));

    let started_ns = Some(1);
    let dirs = ContainerDirs {
        v2: Some("docker/x".into()),
        ..ContainerDirs::default()
    };
    let container = Container {
        name: "web".into(),
        image: "web:1".into(),
        state: RunState::Running,
        started_ns,
        created_ns: Some(1),
        limits: Some(Limits {
            cpu_quota_us: Some(1),
            ..Limits::default()
        }),
        place: Some(Place { dirs, cgroup_id: None }),
        ..Container::unknown("1f".repeat(32).parse().unwrap())
    };
    let counters = Counters {
        cpu_ns: 1,
        net: Some(NetCounters::default()),
    };
    let usage = ContainerUsage {
        source: Source::Ebpf,
        rates: Rates {
            cpu_percent: 1.0,
            net: None,
            elapsed_ns: 1,
        },
        counters,
        total: counters,
        sampled_ns: 9_000_000_000,
        memory: Some(MemoryUse {
            used_bytes: 1,
            free_bytes: None,
        }),
        started_ns,
    };
    let mut snapshot = Snapshot {
        at: Moment {
            at_ns: 0,
            wall_ns: 9_000_000_000,
        },
        containers: HashMap::from([(container.id, Published::new(usage))]),
        ..Snapshot::default()
    };
    snapshot.health.programs = vec![ProgramRuns {
        name: "sched_switch".to_owned(),
        runs: 1,
        run_ns: 1,
    }]
    .into();
    let table = ContainerTable {
        docker: DockerState::Connected,
        by_id: [(container.id, Arc::new(container))].into_iter().collect(),
        ..ContainerTable::default()
    };
    let agent = AgentFacts {
        decision: SourceDecision {
            source: Source::Ebpf,
            reason: None,
        },
        interval_ns: 1_000_000_000,
        is_open: false,
        started_ns: 1,
        own: Some((1, 1)),
    };
    scrape(
        &snapshot,
        &table,
        &agent,
        &root.path().join("proc"),
        &mut files,
        Format::Classic,
    )
}
