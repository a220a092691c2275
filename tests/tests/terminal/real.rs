//! The real agent before a real engine: the screen shows its figures, and what an order does is done.

use std::time::Duration;

use agent_tests::agent::AgentCommand;
use agent_tests::command;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::process::Signal;
use agent_tests::wait::wait_until;
use serde_json::Value;

use crate::order;
use crate::top::top;

/// Long enough for figures to stand still while two replies and a screen are compared.
const INTERVAL: &str = "2s";
const DEADLINE: Duration = Duration::from_secs(30);

/// Name and CPU of each container that has figures, as the screen shows them.
fn figures(snapshot: &Value) -> Vec<(String, String)> {
    let containers = snapshot["containers"].as_array().cloned().unwrap_or_default();
    let figure = |container: &Value| {
        let cpu = container["cpu"].as_f64()?;
        Some((container["name"].as_str()?.to_owned(), format!("{cpu:.1}%")))
    };
    let mut figures: Vec<_> = containers.iter().filter_map(figure).collect();
    figures.sort();
    figures
}

fn on_screen(screen: &[String]) -> Vec<(String, String)> {
    let below = screen.iter().skip_while(|line| !line.starts_with("NAME")).skip(1);
    let row = |line: &String| {
        let cells: Vec<_> = line.split_whitespace().collect();
        Some(((*cells.first()?).to_owned(), (*cells.get(2)?).to_owned()))
    };
    let mut rows: Vec<_> = below.take_while(|line| !line.is_empty()).filter_map(row).collect();
    rows.retain(|(_, cpu)| cpu.ends_with('%'));
    rows.sort();
    rows
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_screen_shows_the_figures_of_the_agent_and_orders_do_what_they_say() {
    let docker = PrivateDocker::start();
    let _busy = docker.run("busy-1-1", &[], &["spin", "--threads", "1", "--seconds", "600"]);
    let _on_host = docker.run("host-1-1", &["--network", "host"], &["serve"]);
    let start = |address: Option<&str>| {
        let command = AgentCommand::for_docker(&docker.url()).args(&["--interval", INTERVAL]);
        match address {
            Some(address) => command.args(&["--listen", address]).start_at(address),
            None => command.start(),
        }
    };
    let agent = start(None);
    let address = agent.address.clone();
    let url = format!("http://{address}");
    let asked = |words: &[&str]| order(words, &[("AGENT_URL", &url)]);

    let created = asked(&["create", "--image", image::WORKLOAD, "--service", "web"]);
    assert_eq!(created.code, Some(0), "{created:?}");
    let id = created.stdout.trim();
    let listed = asked(&["ps", "--service", "web", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("a list");
    assert_eq!(
        (listed[0]["Id"].as_str(), listed.as_array().map(Vec::len)),
        (Some(id), Some(1))
    );
    let shown = asked(&["ps"]).stdout;
    assert!(
        ["busy-1-1", "host-1-1", "web-1-"]
            .iter()
            .all(|name| shown.contains(name)),
        "{shown}"
    );
    let inspected: Value = serde_json::from_str(&asked(&["inspect", id]).stdout).expect("an inspect");
    assert_eq!(inspected["State"]["Running"], true);
    let status = asked(&["status"]).stdout;
    for told in ["containers 3", "docker     connected"] {
        assert!(status.contains(told), "{told}: {status}");
    }
    assert!(!status.contains("node       -"), "{status}");
    let (told, used) = (used_gib(&status), used_by_the_kernel_gib());
    assert!(
        told.is_some_and(|told| (told - used).abs() < 0.5),
        "{used:.1} GiB are in use: {status}"
    );

    let terminal = top(&url, 100, "");
    let same = |count: usize| {
        wait_until("a screen with the figures of one snapshot", DEADLINE, || {
            let (before, screen, after) = (agent_says(&url), terminal.screen(), agent_says(&url));
            let (expected, seen) = (figures(&before), on_screen(&screen));
            let stood_still = before["seq"] == after["seq"] && before["run"] == after["run"];
            if stood_still && expected == seen && seen.len() == count {
                Ok(seen)
            } else {
                Err(format!("{expected:?}\n{}", screen.join("\n")))
            }
        })
    };
    let seen = same(3);
    println!("on the screen as in the reply: {seen:?}");
    terminal.press(&["/"]);
    terminal.type_text("busy");
    terminal.press(&["Enter"]);
    terminal.wait_for("one row", |screen| on_screen(screen).len() == 1);
    terminal.press(&["Enter"]);
    terminal.wait_for("its past", |screen| {
        screen
            .iter()
            .any(|line| line.starts_with("cpu  now") && line.contains('%'))
    });
    terminal.press(&["Escape"]);
    terminal.wait_for("the table", |screen| on_screen(screen).len() == 1);
    terminal.press(&["Escape"]);

    let removed = asked(&["rm", id, "--timeout", "0"]);
    assert_eq!((removed.code, removed.stdout.trim()), (Some(0), id), "{removed:?}");
    assert_eq!(asked(&["rm", id]).code, Some(1), "gone");
    same(2);

    agent.signal(Signal::KILL);
    terminal.wait_for_text("AWAY");
    assert_eq!(asked(&["status"]).code, Some(2));
    drop(agent);
    let _anew = start(Some(&address));
    same(2);
    terminal.press(&["q"]);
    terminal.wait_for_text("ended with 0 as before");
}

/// What `status` says is in use of the node's memory.
fn used_gib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("memory"))?;
    let told = line.trim().split(' ').next()?;
    let (number, unit) = told.split_at(told.len() - 1);
    let gib = match unit {
        "G" => 1.0,
        "M" => 1.0 / 1024.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * gib)
}

fn used_by_the_kernel_gib() -> f64 {
    let command = "/^MemTotal:/ {total = $2} /^MemAvailable:/ {print (total - $2) / 1048576}";
    let told = command::run(&["awk", command, "/proc/meminfo"]);
    told.trim().parse().expect("awk prints a number")
}

/// The agent's own words, or nothing where it has none.
fn agent_says(url: &str) -> Value {
    let told = order(&["top", "--json"], &[("AGENT_URL", url)]);
    serde_json::from_str(&told.stdout).unwrap_or_default()
}
