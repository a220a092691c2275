//! `top` in a terminal: what is on the screen is what the agent says, keys do what they should, and the terminal is as it
//! was before however it ends.

use std::fs;

use agent_tests::binaries;
use agent_tests::fake_agent::{Asked, FakeAgent};
use agent_tests::fake_docker::Answer;
use agent_tests::process::{self, Signal};
use agent_tests::terminal::Terminal;
use serde_json::{Value, json};

/// A snapshot of three containers whose figures are told apart at sight.
fn snapshot(seq: u64, run: &str) -> Value {
    json!({"seq": seq, "run": run, "sampled_at_ms": 60_000, "interval_ms": 1000,
        "node": {"name": "host-1", "cpus": {"cpu0": 40.0, "cpu1": 60.0}, "memory": 4_194_304, "free_memory": 3_145_728,
            "network": {"eth0": {"rx": 2048.0, "tx": 1024.0}}, "nb_containers": 3, "source": "ebpf",
            "docker": "connected", "agent": {"ticks_missed": 0}},
        "containers": [
            {"id": "a".repeat(64), "name": "alpha", "service": "web", "cpu": 10.5, "memory": 3_145_728,
                "free_memory": 1_048_576, "net": {"rx": 100.0, "tx": 300.0}, "source": "ebpf", "started_at_ms": 0},
            {"id": "b".repeat(64), "name": "beta\u{1b}[2J\u{202e}", "service": "db", "cpu": 99.9, "memory": 1_048_576,
                "net": {"rx": 200.0, "tx": 200.0}, "source": "ebpf", "started_at_ms": 50_000},
            {"id": "c".repeat(64), "name": "gamma", "service": "web", "error": "data not ready"}]})
}

fn history(asked: &Asked) -> Answer {
    let of_alpha = format!("GET /container/{}/history?window=", "a".repeat(64));
    let Some(window) = asked.what.strip_prefix(&of_alpha) else {
        return Answer::Reply(404, json!({"error": "container not found"}).to_string());
    };
    // measured, a gap, measured
    let mut cpu = vec![json!(50.0); 100];
    cpu.extend(vec![Value::Null; 100]);
    cpu.extend(vec![json!(100.0); 100]);
    let body = json!({"id": "a".repeat(64), "name": "alpha", "window": window, "step_ms": 1000, "from_ms": 0,
        "cpu": cpu, "memory": [], "rx": [], "tx": []});
    Answer::Reply(200, body.to_string())
}

/// `top` of this agent in a terminal that tells afterwards how it ended and whether its settings are as before.
#[track_caller]
pub(crate) fn top(url: &str, columns: u16, more: &str) -> Terminal {
    let binary = binaries::agent().display();
    let command = format!(
        "echo before; before=$(stty -g); {binary} top --url {url} {more}; code=$?; [ \"$before\" = \"$(stty -g)\" ] && \
         echo \"ended with $code as before\""
    );
    Terminal::start(columns, 24, &command)
}

/// Names in the order of the rows of the table.
fn names(screen: &[String]) -> Vec<&str> {
    let below = screen.iter().skip_while(|line| !line.starts_with("NAME")).skip(1);
    let rows = below.take_while(|line| !line.is_empty());
    rows.filter_map(|line| line.split_whitespace().next()).collect()
}

const BETA: &str = "beta\\u{1b}[2J\\u{202e}";

/// The screen with this text and all three rows: one that is looked at while it is drawn has the first lines only.
#[track_caller]
fn drawn(terminal: &Terminal, text: &str) -> Vec<String> {
    terminal.wait_for(text, |screen| {
        names(screen).len() == 3 && screen.iter().any(|line| line.contains(text))
    })
}

#[track_caller]
fn ordered(terminal: &Terminal, expected: [&str; 3]) {
    terminal.wait_for(&format!("{expected:?}"), |screen| names(screen) == expected);
}

#[track_caller]
fn given_back(terminal: &Terminal, code: u8) {
    let screen = terminal.wait_for_text(&format!("ended with {code} as before"));
    assert_eq!(screen[0], "before", "the screen from before it: {screen:#?}");
    assert_eq!(
        (terminal.ask("alternate_on"), terminal.ask("cursor_flag")),
        ("0".to_owned(), "1".to_owned())
    );
}

#[test]
#[ignore = "needs tmux: cargo xtask test"]
fn the_screen_shows_what_the_agent_says_and_follows_it() {
    let agent = FakeAgent::with_snapshot(0, snapshot(7, "a"), history);
    let terminal = top(&agent.url(), 80, "");
    let screen = drawn(&terminal, "alpha");
    assert!(
        screen[0].starts_with("host-1  ebpf  3 containers  0s old"),
        "{screen:#?}"
    );
    for said in ["50.0% of 2 CPUs", "1.0G used   3.0G free", "eth0 rx 2.0K tx 1.0K"] {
        assert!(screen.iter().any(|line| line.contains(said)), "{said}: {screen:#?}");
    }
    let row = |name: &str| -> Vec<String> {
        let row = screen
            .iter()
            .find(|line| line.starts_with(name))
            .expect("it is on the screen");
        row.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(
        row("alpha"),
        ["alpha", "web", "10.5%", "3.0M", "1.0M", "100B", "300B", "ebpf", "1m00s"]
    );
    assert_eq!(
        row("beta"),
        [BETA, "db", "99.9%", "1.0M", "-", "200B", "200B", "ebpf", "10s"]
    );
    assert_eq!(row("gamma"), ["gamma", "web", "-", "-", "-", "-", "-", "-", "-"]);
    assert_eq!(
        names(&screen),
        [BETA, "alpha", "gamma"],
        "by CPU, what is not measured last"
    );

    let mut next = snapshot(8, "a");
    next["containers"][0]["cpu"] = json!(123.4);
    agent.set(next);
    let screen = drawn(&terminal, "123.4%");
    assert_eq!(names(&screen), ["alpha", BETA, "gamma"]);
    let asked: Vec<_> = agent.asked().into_iter().map(|asked| asked.what).collect();
    assert_eq!(asked[..2], ["GET /containers/status", "GET /containers/status?wait=7"]);
    terminal.press(&["q"]);
    given_back(&terminal, 0);
}

#[test]
#[ignore = "needs tmux: cargo xtask test"]
fn keys_sort_filter_and_open() {
    let agent = FakeAgent::with_snapshot(0, snapshot(1, "a"), history);
    let terminal = top(&agent.url(), 80, "");
    terminal.wait_for_text("alpha");
    for (key, expected) in [
        ("m", ["alpha", BETA, "gamma"]),
        ("m", [BETA, "alpha", "gamma"]),
        ("t", ["alpha", BETA, "gamma"]),
        ("r", [BETA, "alpha", "gamma"]),
        ("n", ["alpha", BETA, "gamma"]),
        ("n", ["gamma", BETA, "alpha"]),
        ("s", [BETA, "alpha", "gamma"]),
        ("c", [BETA, "alpha", "gamma"]),
    ] {
        terminal.press(&[key]);
        ordered(&terminal, expected);
    }
    terminal.press(&["/"]);
    terminal.type_text("WEB");
    terminal.wait_for("only the service web", |screen| names(screen) == ["alpha", "gamma"]);
    terminal.wait_for_text("/WEB");
    terminal.press(&["Enter"]);
    terminal.wait_for_text("filter WEB");
    terminal.press(&["Escape"]);
    ordered(&terminal, [BETA, "alpha", "gamma"]);

    // beta is the first row
    terminal.press(&["Down", "Enter"]);
    terminal.wait_for_text("now 10.5%  most 100.0%");
    terminal.wait_for("a gap of a third", |screen| {
        let gaps = screen
            .iter()
            .map(|line| line.matches('·').count())
            .find(|gaps| *gaps > 0);
        gaps.is_some_and(|gaps| (20..=30).contains(&gaps))
    });
    for (key, window) in [("2", "1h"), ("3", "24h"), ("1", "5m")] {
        terminal.press(&[key]);
        terminal.wait_for_text(&format!("in {window}"));
        let path = format!("history?window={window}");
        assert!(
            agent.asked().iter().any(|asked| asked.what.ends_with(&path)),
            "{window}"
        );
    }
    terminal.press(&["Escape"]);
    ordered(&terminal, [BETA, "alpha", "gamma"]);
    terminal.press(&["?"]);
    terminal.wait_for_text("PgUp PgDn");
    terminal.press(&["x"]);
    terminal.wait_for("the help to go", |screen| {
        !screen.iter().any(|line| line.contains("PgUp PgDn"))
    });
    terminal.press(&["C-c"]);
    given_back(&terminal, 0);
}

#[test]
#[ignore = "needs tmux: cargo xtask test"]
fn an_agent_that_goes_away_and_comes_back_anew_is_followed() {
    let agent = FakeAgent::with_snapshot(0, snapshot(1000, "a"), history);
    let url = agent.url();
    let port: u16 = url
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("a port");
    let terminal = top(&url, 80, "");
    terminal.wait_for_text("alpha");
    drop(agent);
    let screen = drawn(&terminal, "AWAY");
    assert!(screen[0].contains("STALE"), "{screen:#?}");
    assert_eq!(names(&screen), [BETA, "alpha", "gamma"], "the last figures stay");
    assert!(terminal.styled_screen().contains("\u{1b}[2m"), "and are dim");

    let mut anew = snapshot(1, "b");
    anew["containers"][0]["cpu"] = json!(55.5);
    let agent = FakeAgent::with_snapshot(port, anew, history);
    let screen = drawn(&terminal, "55.5%");
    assert!(
        !screen
            .iter()
            .any(|line| line.contains("STALE") || line.starts_with("AWAY")),
        "{screen:#?}"
    );
    let asked: Vec<_> = agent.asked().into_iter().map(|asked| asked.what).collect();
    assert_eq!(asked[0], "GET /containers/status", "it counts anew");
    terminal.press(&["q"]);
    given_back(&terminal, 0);
}

#[test]
#[ignore = "needs tmux: cargo xtask test"]
fn a_refusal_is_shown_and_an_agent_that_was_never_there_is_waited_for() {
    let agent = FakeAgent::start(0, |_| {
        Answer::Reply(401, json!({"error": "a token is needed"}).to_string())
    });
    let terminal = top(&agent.url(), 60, "");
    terminal.wait_for_text("trying again: a token is needed");
    terminal.press(&["q"]);
    given_back(&terminal, 0);
    let port = agent_tests::agent::free_port();
    let terminal = top(&format!("http://127.0.0.1:{port}"), 80, "");
    terminal.wait_for_text("no agent answers");
    let _agent = FakeAgent::with_snapshot(port, snapshot(1, "a"), history);
    terminal.wait_for_text("alpha");
}

#[test]
#[ignore = "needs tmux: cargo xtask test"]
fn the_table_fits_the_terminal_also_when_its_size_changes() {
    let agent = FakeAgent::with_snapshot(0, snapshot(1, "a"), history);
    let terminal = top(&agent.url(), 80, "");
    for (columns, headings) in [
        (120, "NAME SERVICE CPU %▼ MEM FREE RX/s TX/s SOURCE UPTIME"),
        (60, "NAME SERVICE CPU %▼ MEM RX/s TX/s UPTIME"),
        (40, "NAME CPU %▼ MEM RX/s TX/s"),
    ] {
        terminal.resize(columns, 20);
        terminal.wait_for(headings, |screen| {
            let heading = screen.iter().find(|line| line.starts_with("NAME"));
            let is_so = heading.is_some_and(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") == headings);
            is_so && names(screen).len() == 3
        });
    }
}

#[test]
#[ignore = "needs tmux: cargo xtask test"]
fn the_terminal_is_given_back_after_a_signal_and_after_a_panic() {
    let agent = FakeAgent::with_snapshot(0, snapshot(1, "a"), history);
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let terminal = top(&agent.url(), 80, "");
        terminal.wait_for_text("alpha");
        assert_eq!(terminal.ask("alternate_on"), "1");
        let shell = terminal.ask("pane_pid");
        let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
        let child = children.ok().and_then(|pids| pids.trim().parse().ok());
        process::signal(child.expect("the shell waits for it"), signal);
        given_back(&terminal, 0);
    }
    let terminal = top(&agent.url(), 80, "--fault panic");
    given_back(&terminal, 101);
    assert!(
        terminal.screen().iter().any(|line| line.contains("broken on purpose")),
        "{:#?}",
        terminal.screen()
    );
}
