//! Replies as people read them.

use crate::{
    client::{
        reply::{Listed, Node, Port},
        text::{self, Align, NOT_MEASURED},
    },
    containers::{
        container::{SERVICE_LABEL, own_name},
        naming::service_of,
    },
};

/// As much of an id as Docker's own tools show.
const SHORT_ID: usize = 12;

/// What the node uses, a line a thing.
pub(super) fn node(node: &Node) -> String {
    let kib = |kib: Option<u64>| text::bytes(kib.map(|kib| kib.saturating_mul(1024)));
    let known = |text: &Option<String>| text.as_deref().map_or(NOT_MEASURED.to_owned(), text::clean);
    let mut lines = vec![
        ("node", known(&node.name)),
        ("source", known(&node.source)),
        ("docker", known(&node.docker)),
        (
            "containers",
            node.nb_containers
                .map_or(NOT_MEASURED.to_owned(), |count| count.to_string()),
        ),
        ("cpu", cpu(node)),
        (
            "memory",
            format!("{} used, {} free", kib(node.used_memory()), kib(node.free_memory)),
        ),
    ];
    if let Some(reason) = &node.source_reason {
        lines.insert(2, ("", text::clean(reason)));
    }
    for (name, rates) in &node.network {
        let name = text::clean(name);
        lines.push((
            "network",
            format!("{name}  rx {}/s  tx {}/s", text::rate(rates.rx), text::rate(rates.tx)),
        ));
    }
    if let Some(missed) = node.agent.ticks_missed.filter(|missed| *missed > 0) {
        lines.push(("ticks", format!("{missed} missed")));
    }
    let lines: Vec<_> = lines.iter().map(|(what, told)| format!("{what:<11}{told}\n")).collect();
    lines.concat()
}

fn cpu(node: &Node) -> String {
    if node.cpus.is_empty() {
        return NOT_MEASURED.to_owned();
    }
    let sum = node.cpus.values().sum();
    format!("{} of one CPU, {} CPUs", text::percent(Some(sum)), node.cpus.len())
}

/// Containers, a line each.
pub(super) fn list(containers: &[Listed]) -> String {
    let headings = ["ID", "NAME", "SERVICE", "IMAGE", "STATUS", "PORTS"].map(|heading| (heading, Align::Left));
    let mut rows: Vec<_> = containers.iter().map(row).collect();
    rows.sort_by(|a, b| a.get(1).cmp(&b.get(1)));
    text::table(&headings, &rows)
}

fn row(container: &Listed) -> Vec<String> {
    let names = container.names.as_deref().unwrap_or_default();
    let name = (!names.is_empty()).then(|| own_name(names));
    let label = container.labels.iter().find_map(|labels| labels.get(SERVICE_LABEL));
    let service = name.map(|name| service_of(label.map(String::as_str), name));
    let known = |text: Option<&str>| text.map_or(NOT_MEASURED.to_owned(), text::clean);
    let mut ports: Vec<_> = container.ports.iter().flatten().map(port).collect();
    ports.sort_unstable();
    ports.dedup();
    vec![
        text::clean(&container.id.chars().take(SHORT_ID).collect::<String>()),
        known(name),
        known(service),
        known(container.image.as_deref()),
        known(container.status.as_deref()),
        ports.join(", "),
    ]
}

/// As Docker's own tools write it.
fn port(port: &Port) -> String {
    let number = |number: Option<u16>| number.map_or(NOT_MEASURED.to_owned(), |number| number.to_string());
    let protocol = text::clean(port.protocol.as_deref().unwrap_or("tcp"));
    let inside = format!("{}/{protocol}", number(port.private_port));
    match (&port.ip, port.public_port) {
        (Some(ip), Some(public)) if ip.contains(':') => format!("[{}]:{public}->{inside}", text::clean(ip)),
        (Some(ip), Some(public)) => format!("{}:{public}->{inside}", text::clean(ip)),
        (None, Some(public)) => format!("{public}->{inside}"),
        _ => inside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_told_a_line_a_thing_and_what_is_not_known_is_no_zero() {
        let full: Node = serde_json::from_str(
            r#"{"name":"host-1","cpus":{"cpu0":44.0,"cpu1":22},"memory":27440000,"free_memory":12300000,
            "network":{"eth0":{"rx":1536,"tx":2.5}},"nb_containers":3,"source":"docker","source_reason":"no \u001b BPF",
            "docker":"connected","agent":{"ticks_missed":2}}"#,
        )
        .unwrap();
        let told = node(&full);
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(
            lines,
            [
                "node       host-1",
                "source     docker",
                "           no \\u{1b} BPF",
                "docker     connected",
                "containers 3",
                "cpu        66.0% of one CPU, 2 CPUs",
                "memory     14.4G used, 11.7G free",
                "network    eth0  rx 1.5K/s  tx 2B/s",
                "ticks      2 missed",
            ]
        );
        let told = node(&Node::default());
        assert!(
            told.contains("cpu        -\n") && told.contains("memory     - used, - free\n"),
            "{told}"
        );
        assert!(told.contains("containers -\n") && !told.contains('0'), "{told}");
    }

    #[test]
    fn containers_are_listed_by_name_with_service_and_ports() {
        let containers: Vec<Listed> = serde_json::from_str(
            r#"[{"Id":"2fe4467849bc7494aa5c26281a42a3634b9f7a0a282d332dfc160126ea34a163","Names":["/web-1-320"],
              "Image":"hello","Status":"Up 2 seconds","Labels":{"balancer.service":"front"},
              "Ports":[{"IP":"0.0.0.0","PrivatePort":3000,"PublicPort":32796,"Type":"tcp"},
                {"IP":"::","PrivatePort":3000,"PublicPort":32796,"Type":"tcp"},{"PrivatePort":53,"Type":"udp"}]},
             {"Id":"ab","Names":null,"Labels":null,"Ports":null},
             {"Id":"cd","Names":["/db-1"],"Image":"x\u001b"}]"#,
        )
        .unwrap();
        let told = list(&containers);
        let rows: Vec<Vec<&str>> = told
            .lines()
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        assert_eq!(
            rows,
            [
                vec!["ID", "NAME", "SERVICE", "IMAGE", "STATUS", "PORTS"],
                vec!["ab", "-", "-", "-", "-"],
                vec!["cd", "db-1", "db", "x\\u{1b}", "-"],
                vec![
                    "2fe4467849bc",
                    "web-1-320",
                    "front",
                    "hello",
                    "Up 2 seconds",
                    "0.0.0.0:32796->3000/tcp, 53/udp, [::]:32796->3000/tcp"
                ],
            ]
        );
    }
}
