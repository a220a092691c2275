//! The README's requests, run as written: what they give today has the shape of what the README shows.

use std::{collections::HashMap, path::Path, time::Duration};

use agent_tests::agent::AgentCommand;
use agent_tests::command;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::wait::wait_until;
use serde_json::Value;

/// Where the README's agent listens.
const README_ADDRESS: &str = "127.0.0.1:5000";
/// A container has figures two intervals after its start.
const REPLY_DEADLINE: Duration = Duration::from_secs(6);

/// A command and what it printed.
#[derive(Debug, PartialEq)]
struct Example {
    command: String,
    printed: String,
}

/// The commands of all `console` blocks, in order.
fn examples(readme: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            let (command, printed) = (command.to_owned(), String::new());
            found.push(Example { command, printed });
        } else if let Some(example) = found.last_mut().filter(|_| inside) {
            example.printed.push_str(line);
        }
    }
    found
}

/// Why `now` has not the shape of `shown`: every member that is shown is there and of the same type.
fn difference(shown: &Value, now: &Value, at: &str) -> Option<String> {
    match (shown, now) {
        // members are named by CPUs, interfaces and containers of one machine: only the first ones are compared
        (Value::Object(shown), Value::Object(now)) if at.ends_with("/cpus") || at.ends_with("/network") => {
            let (shown, now) = (shown.values().next()?, now.values().next());
            now.map_or_else(|| Some(format!("{at} is empty")), |now| difference(shown, now, at))
        }
        (Value::Object(shown), Value::Object(now)) => shown.iter().find_map(|(name, shown)| {
            let at = format!("{at}/{name}");
            now.get(name)
                .map_or_else(|| Some(format!("no {at}")), |now| difference(shown, now, &at))
        }),
        (Value::Array(shown), Value::Array(now)) => match (shown.first(), now.first()) {
            (None, _) => None,
            (Some(_), None) => Some(format!("{at} is empty")),
            (Some(shown), Some(now)) => difference(shown, now, &format!("{at}/0")),
        },
        _ if std::mem::discriminant(shown) == std::mem::discriminant(now) => None,
        _ => Some(format!("{at} is {now}, not like {shown}")),
    }
}

/// Text that is not JSON: ids and numbers differ from run to run.
fn without_ids(text: &str) -> String {
    let mut plain = String::new();
    for word in text.split_inclusive(|character: char| !character.is_ascii_alphanumeric()) {
        let is_id = word.len() >= 64 && word[..64].bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.push_str(if is_id { "ID" } else { word });
    }
    plain
}

/// A JSON object or list; a bare number is a status code, which must not differ.
fn document(text: &str) -> Option<Value> {
    serde_json::from_str(text)
        .ok()
        .filter(|value: &Value| value.is_object() || value.is_array())
}

fn compare(shown: &str, now: &str) -> Result<(), String> {
    match (document(shown), document(now)) {
        (Some(shown), Some(now)) => difference(&shown, &now, "").map_or(Ok(()), Err),
        _ if without_ids(shown) == without_ids(now) => Ok(()),
        _ => Err(format!("not like {shown:?}")),
    }
}

#[test]
fn shapes_are_told_apart() {
    let table = [
        (r#"{"a":1.5}"#, r#"{"a":2,"b":3}"#, true),
        (r#"{"a":1}"#, r#"{"b":1}"#, false),
        (r#"{"a":1}"#, r#"{"a":"1"}"#, false),
        (r#"[{"a":1}]"#, "[]", false),
        (r#"{"error":"x"}"#, r#"{"cpu":1}"#, false),
        (r#"{"cpus":{"cpu0":1}}"#, r#"{"cpus":{"cpu7":2}}"#, true),
        ("204", "204", true),
        ("204", "404", false),
    ];
    for (shown, now, alike) in table {
        assert_eq!(compare(shown, now).is_ok(), alike, "{shown} {now}");
    }
    let id = "ab".repeat(32);
    assert!(
        compare(
            &format!("201 /container/{id}"),
            &format!("201 /container/{}", "0".repeat(64))
        )
        .is_ok()
    );
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn every_request_of_the_readme_gives_a_reply_like_the_one_it_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(path).expect("the README is there");
    let examples = examples(&readme);
    for route in [
        "5000/status",
        "5000/containers",
        "containers?service=",
        "/containers/status",
        "/history",
        "/containers/events",
        "/metrics",
        "/status",
        "-X DELETE",
    ] {
        assert!(
            examples.iter().any(|example| example.command.contains(route)),
            "no example of {route}"
        );
    }

    let docker = PrivateDocker::start();
    image::import_workload(&docker, "hello:latest", &[]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    // the README's container has a name of its own, and the one made here another
    let mut names: HashMap<String, String> = HashMap::new();
    for example in examples {
        let mut line = example.command.replace(README_ADDRESS, &agent.address);
        for (shown, now) in &names {
            line = line.replace(shown, now);
        }
        let printed = wait_until(&example.command, REPLY_DEADLINE, || {
            let done = command::attempt(&["sh", "-c", &line]);
            compare(&example.printed, &done.stdout).map_err(|why| format!("{why}: {} {}", done.stdout, done.stderr))?;
            Ok(done.stdout)
        });
        println!("{}\n{printed}", example.command);
        let first_name = |text: &str| -> Option<String> {
            let list: Value = serde_json::from_str(text).ok()?;
            Some(list.pointer("/0/Names/0")?.as_str()?.trim_start_matches('/').to_owned())
        };
        if let (Some(shown), Some(now)) = (first_name(&example.printed), first_name(&printed)) {
            names.insert(shown, now);
        }
    }
}
