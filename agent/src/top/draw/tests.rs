use std::time::Duration;

use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::{
    client::reply::{History, Snapshot},
    top::{
        keys::Action,
        model::{Past, Trouble, Update, Wanted, Window},
    },
};

const SNAPSHOT: &str = r#"{"seq":1,"run":"a","sampled_at_ms":60000,"interval_ms":1000,
  "node":{"name":"host-1","cpus":{"cpu0":44.0,"cpu10":0.0,"cpu2":100.0},"memory":20971520,"free_memory":10485760,
    "network":{"lo":{"rx":9e9,"tx":9e9},"docker0":{"rx":1,"tx":0},"eth0":{"rx":1536.0,"tx":2.0}},
    "nb_containers":3,"source":"ebpf","docker":"connected","agent":{"ticks_missed":0}},
  "containers":[
    {"id":"aaaaaaaaaaaaaaaaaaaa","name":"web-1-320","service":"web","image":"nginx:1","cpu":44.04,"memory":20971520,
     "free_memory":1073741824,"net":{"rx":0.0,"tx":1536.0},"source":"ebpf","started_at_ms":0,"network_mode":"own"},
    {"id":"bb","name":"db\u001b[31m\u202e","cpu":101.2,"memory":1024,"source":"docker"},
    {"id":"cc","name":"new","service":"web","error":"data not ready"}]}"#;

fn model(snapshot: &str, now: Instant) -> Model {
    let mut model = Model::default();
    let snapshot: Snapshot = serde_json::from_str(snapshot).unwrap();
    model.take(Update::Snapshot { snapshot, age: None }, now);
    model
}

/// The screen, line by line, without space at the ends of lines.
fn screen(model: &Model, width: u16, height: u16, now: Instant) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut scrolled = TableState::new();
    terminal
        .draw(|screen| _ = frame(screen, model, &mut scrolled, now))
        .unwrap();
    let buffer = terminal.backend().buffer();
    (0..height)
        .map(|y| {
            let cells = (0..width).map(|x| buffer.cell((x, y)).map_or("", |cell| cell.symbol()));
            cells.collect::<String>().trim_end().to_owned()
        })
        .collect()
}

#[test]
fn the_screen_of_a_usual_terminal() {
    let now = Instant::now();
    let lines = screen(&model(SNAPSHOT, now), 80, 12, now + Duration::from_millis(1200));
    assert_eq!(
        lines,
        [
            "host-1  ebpf  3 containers  1s old",
            "CPU  [||||||||||||||                ]  48.0% of 3 CPUs ▄█▁",
            "MEM  [|||||||||||||||               ]  10.0G used  10.0G free",
            "NET  eth0 rx 1.5K tx 2B  docker0 rx 1B tx 0B",
            "NAME                 SERVICE  CPU %▼    MEM   FREE   RX/s   TX/s SOURCE UPTIME",
            "db\\u{1b}[31m\\u{202e} -        101.2%   1.0K      -      -      - docker      -",
            "web-1-320            web       44.0%  20.0M   1.0G     0B   1.5K ebpf    1m00s",
            "new                  web           -      -      -      -      - -           -",
            "",
            "",
            "",
            "q quit  ? help  / filter  Enter one  cmrtns sort",
        ]
    );
}

#[test]
fn forty_columns_are_enough_for_names_cpu_memory_and_network() {
    let now = Instant::now();
    let lines = screen(&model(SNAPSHOT, now), 40, 9, now);
    assert_eq!(
        lines,
        [
            "host-1  ebpf  3 containers  0s old",
            "CPU  [|||   ]  48.0% of 3 CPUs ▄█▁",
            "MEM  [|||   ]  10.0G used  10.0G free",
            "NET  eth0 rx 1.5K tx 2B",
            "NAME         CPU %▼    MEM   RX/s   TX/s",
            "db\\u{1b}[31… 101.2%   1.0K      -      -",
            "web-1-320     44.0%  20.0M     0B   1.5K",
            "new               -      -      -      -",
            "q quit  ? help  / filter  Enter one  cmr",
        ]
    );
}

#[test]
fn no_size_of_a_terminal_is_too_small() {
    let now = Instant::now();
    let mut model = model(SNAPSHOT, now);
    for shows in [None, Some(Action::Open), Some(Action::Help)] {
        shows.map(|action| model.act(action));
        for (width, height) in [(1, 1), (3, 2), (10, 3), (20, 5), (300, 100)] {
            assert_eq!(screen(&model, width, height, now).len(), usize::from(height));
        }
    }
}

#[test]
fn what_is_wrong_stands_above_the_table_and_the_last_figures_stay() {
    let now = Instant::now();
    let waiting = screen(&Model::default(), 80, 5, now);
    assert_eq!(waiting[..2], ["balancer-agent top", "asking the agent"]);
    let wrong = SNAPSHOT
        .replace(
            r#""source":"ebpf","docker":"connected""#,
            r#""source":"docker","source_reason":"no\u0007 BPF","docker":"away""#,
        )
        .replace(r#""ticks_missed":0"#, r#""ticks_missed":7"#);
    let mut model = model(&wrong, now);
    let lines = screen(&model, 80, 20, now);
    assert_eq!(
        lines[4..7],
        [
            "Docker is away: containers are those that were known",
            "not counted in the kernel: no\\u{7} BPF",
            "the agent has missed 7 ticks since its start",
        ]
    );
    let failed = |is_away, said: &str| {
        let said = said.to_owned();
        Update::Failed(Trouble { is_away, said })
    };
    model.take(failed(true, "no agent answers at http://a:1 (refused)"), now);
    let lines = screen(&model, 80, 20, now + Duration::from_secs(5));
    assert_eq!(lines[0], "host-1  docker  3 containers  STALE 5s old");
    assert_eq!(
        lines[4],
        "AWAY 5s, trying again: no agent answers at http://a:1 (refused)"
    );
    assert!(lines.iter().any(|line| line.starts_with("web-1-320")), "{lines:#?}");
    model.take(failed(false, "no newer figures"), now);
    let lines = screen(&model, 80, 20, now + Duration::from_secs(5));
    assert_eq!(lines[4], "NO FIGURES 5s, trying again: no newer figures");
}

#[test]
fn a_filter_is_shown_while_it_is_written_and_after() {
    let now = Instant::now();
    let mut model = model(SNAPSHOT, now);
    model.act(Action::Filter);
    for letter in "web-9".chars() {
        model.act(Action::Type(letter));
    }
    let lines = screen(&model, 80, 12, now);
    assert_eq!(
        (lines[5].as_str(), lines[11].as_str()),
        ("no container fits the filter", "/web-9█")
    );
    model.act(Action::Accept);
    assert_eq!(screen(&model, 80, 12, now)[11], "filter web-9 Esc clears it");
}

#[test]
fn one_container_is_shown_with_its_past_and_gaps_stay_gaps() {
    let now = Instant::now();
    let mut model = model(SNAPSHOT, now);
    model.act(Action::Down);
    model.act(Action::Open);
    let lines = screen(&model, 60, 24, now);
    assert_eq!(
        lines[4..9],
        [
            "web-1-320  aaaaaaaaaaaa   5m  1h  24h",
            "image nginx:1  service web",
            "up 1m00s  source ebpf  network own  created by the agent -",
            "cpu 44.0%  memory 20.0M free 1.0G  rx 0B/s  tx 1.5K/s",
            "asking for its past",
        ]
    );
    // a point a column: five minutes of five seconds
    let mut cpu = vec![Some(50.0); 30];
    cpu.extend([None, Some(0.0), Some(100.0)]);
    let history = History {
        step_ms: 5000,
        cpu,
        ..History::default()
    };
    let wanted = Wanted {
        id: "a".repeat(20),
        window: Window::Minutes,
    };
    model.take(Update::Past(wanted.clone(), Past::Known(history)), now);
    let lines = screen(&model, 60, 24, now);
    assert_eq!(lines[8], "cpu  now 44.0%  most 100.0% of means of 5s  in 5m");
    assert_eq!(lines[9], format!("{}█", " ".repeat(59)));
    assert_eq!(lines[11], format!("{}{}·▁█", "·".repeat(27), "█".repeat(30)));
    assert_eq!(lines[12], "memory  now 20.0M  most - of means of 5s  in 5m");
    let refused = Past::Unknown("no such\u{1b} path".to_owned());
    model.take(Update::Past(wanted, refused), now);
    assert_eq!(screen(&model, 60, 24, now)[8], "no such\\u{1b} path");
    let gone = SNAPSHOT.replace("aaaaaaaaaaaaaaaaaaaa", "dd");
    let snapshot = serde_json::from_str(&gone).unwrap();
    model.take(Update::Snapshot { snapshot, age: None }, now);
    assert_eq!(screen(&model, 60, 24, now)[5], "it runs no more");
}

#[test]
fn help_names_every_key() {
    let now = Instant::now();
    let mut model = model(SNAPSHOT, now);
    model.act(Action::Help);
    let lines = screen(&model, 40, 20, now).join("\n");
    for key in ["PgUp", "Home", "c m r t", "n s", "/ ", "Enter", "1 2 3", "q Ctrl-C"] {
        assert!(lines.contains(key), "{key}: {lines}");
    }
}
