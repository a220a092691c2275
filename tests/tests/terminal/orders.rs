//! `status`, `ps`, `inspect`, `create`, `rm` and `top` without a terminal: what is asked, what is told, exit codes.

use agent_tests::agent::free_port;
use agent_tests::fake_agent::{Asked, FakeAgent};
use agent_tests::fake_docker::Answer;
use serde_json::{Value, json};

use crate::order;

const ID: &str = "2fe4467849bc7494aa5c26281a42a3634b9f7a0a282d332dfc160126ea34a163";

fn list() -> Value {
    json!([{"Id": ID, "Names": ["/web-1-320"], "Image": "hello", "Status": "Up 2 seconds\u{9b}31m",
        "Labels": {"balancer.service": "web\u{1b}[2J"}, "Ports": []}])
}

fn answer(asked: &Asked) -> Answer {
    let reply = |status, value: Value| Answer::Reply(status, value.to_string());
    match asked.what.as_str() {
        "GET /status" => reply(
            200,
            json!({"cpus": {"cpu0": 44.0, "cpu1": 22.0}, "memory": 27_440_000, "free_memory": 12_300_000,
                "network": {"eth0": {"rx": 1.5, "tx": 2.5}}, "nb_containers": 3, "source": "ebpf"}),
        ),
        "GET /containers" | "GET /containers?service=a%26b" => reply(200, list()),
        "GET /container/web-1" => reply(200, json!({"Id": ID, "Name": "\u{9b}"})),
        "GET /container/nonsense" => Answer::Reply(200, "<html>".to_owned()),
        "GET /container/ssh" => Answer::Raw("SSH-2.0-x\r\n"),
        "GET /container/closed" => Answer::Close,
        "GET /container/long" => Answer::Reply(200, format!("\"{}\"", "a".repeat(17 << 20))),
        "POST /containers" => reply(201, json!({"Id": ID, "State": {}})),
        "DELETE /container/web-1" | "DELETE /container/web-2" | "DELETE /container/web-1?timeout=0" => {
            Answer::Reply(204, String::new())
        }
        "DELETE /container/ours" => reply(403, json!({"error": "this needs an admin's\ncredential"})),
        _ => reply(404, json!({"error": "container not found"})),
    }
}

#[test]
fn each_order_asks_its_route_and_ends_with_0() {
    let agent = FakeAgent::start(0, answer);
    let url = agent.url();
    let list = list().to_string().replace('\u{9b}', "\\u009b") + "\n";
    let inspected = format!("{{\"Id\":\"{ID}\",\"Name\":\"\\u009b\"}}\n");
    let id = format!("{ID}\n");
    for (words, asked, told) in [
        (&["ps", "--json"][..], "GET /containers", list.as_str()),
        (
            &["ps", "--json", "--service", "a&b"],
            "GET /containers?service=a%26b",
            &list,
        ),
        (&["inspect", "web-1"], "GET /container/web-1", &inspected),
        (
            &["create", "--image", "a/b:1", "--service", "web", "--port", "80"],
            "POST /containers",
            &id,
        ),
        (&["create", "--image", "x", "--service", "web"], "POST /containers", &id),
        (&["rm", "web-1", "web-2"], "DELETE /container/web-2", "web-1\nweb-2\n"),
        (
            &["rm", "web-1", "--timeout", "0"],
            "DELETE /container/web-1?timeout=0",
            "web-1\n",
        ),
    ] {
        let ended = order(words, &[("AGENT_URL", &url)]);
        assert_eq!(
            (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
            (Some(0), told, ""),
            "{words:?}"
        );
        let request = agent.asked().pop().expect("it was asked");
        assert_eq!(
            (request.what.as_str(), &request.authorization),
            (asked, &None),
            "{words:?}"
        );
    }
    let bodies: Vec<_> = agent
        .asked()
        .into_iter()
        .map(|asked| asked.body)
        .filter(|body| !body.is_empty())
        .collect();
    assert_eq!(bodies, ["image=a%2Fb%3A1&service=web&port=80", "image=x&service=web"]);
}

#[test]
fn what_people_read_has_no_control_characters_of_strangers() {
    let agent = FakeAgent::start(0, answer);
    let ended = order(&["ps", "--url", &agent.url()], &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let rows: Vec<Vec<_>> = ended
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["ID", "NAME", "SERVICE", "IMAGE", "STATUS", "PORTS"]);
    let shown = [
        "2fe4467849bc",
        "web-1-320",
        "web\\u{1b}[2J",
        "hello",
        "Up",
        "2",
        "seconds\\u{9b}31m",
    ];
    assert_eq!(rows[1], shown);
    let ended = order(&["status", "--url", &agent.url()], &[]);
    assert!(
        ended.stdout.contains("cpu        66.0% of one CPU, 2 CPUs\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("docker     -\n"),
        "not told is not known: {}",
        ended.stdout
    );
}

#[test]
fn a_refusal_is_one_line_and_exit_code_1() {
    let agent = FakeAgent::start(0, answer);
    let url = agent.url();
    for (words, said) in [
        (&["inspect", "gone"][..], "balancer-agent: container not found\n"),
        (&["inspect", "a/../b"], "balancer-agent: container not found\n"),
        (
            &["rm", "ours"],
            "balancer-agent: ours: this needs an admin's\\ncredential\n",
        ),
        (
            &["inspect", "nonsense"],
            "balancer-agent: what the agent answers cannot be used: it is no JSON\n",
        ),
        (
            &["inspect", "long"],
            "balancer-agent: what the agent answers cannot be used: its reply is longer than 16 MiB\n",
        ),
        (&["top", "--once"], "balancer-agent: container not found\n"),
    ] {
        let ended = order(words, &[("AGENT_URL", &url)]);
        assert_eq!(
            (ended.code, ended.stderr.as_str(), ended.stdout.as_str()),
            (Some(1), said, ""),
            "{words:?}"
        );
    }
    let ended = order(&["rm", "gone", "web-1", "ours"], &[("AGENT_URL", &url)]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), "web-1\n"),
        "the others are removed all the same"
    );
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
}

#[test]
fn an_agent_that_is_not_there_is_exit_code_2() {
    let agent = FakeAgent::start(0, answer);
    let url = agent.url();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    for (words, url, said) in [
        (&["status"][..], nobody.as_str(), "refused"),
        (&["rm", "a", "b"], &nobody, "refused"),
        (&["top", "--json"], &nobody, "refused"),
        (&["top"], "unix:/nonexistent/agent.sock", "No such file"),
        (&["inspect", "ssh"], &url, "does not speak HTTP"),
        (&["inspect", "closed"], &url, "("),
    ] {
        let ended = order(words, &[("AGENT_URL", url)]);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{words:?}: {}",
            ended.stderr
        );
        let line = ended.stderr.trim_end();
        assert!(
            line.starts_with(&format!("balancer-agent: no agent answers at {url} (")),
            "{line}"
        );
        assert!(line.contains(said) && line.lines().count() == 1, "{line}");
    }
}

#[test]
fn an_agent_that_does_not_answer_is_given_up() {
    let agent = FakeAgent::start(0, |_| Answer::Silence);
    let ended = order(&["status", "--url", &agent.url()], &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("no answer within 10 s"), "{}", ended.stderr);
}

#[test]
fn a_command_line_or_a_file_that_cannot_be_used_is_exit_code_64() {
    for (words, said) in [
        (&["status", "--url", "node-7"][..], "--url: `node-7` is no address"),
        (&["status", "--colour"], "--colour"),
        (&["create", "--image", "x"], "--service"),
        (
            &["status", "--url", "https://127.0.0.1:1"],
            "--ca-file: an https address needs it",
        ),
        (
            &["top", "--token-file", "/nonexistent"],
            "--token-file: /nonexistent cannot be read",
        ),
        (
            &["status", "--url", "https://a", "--ca-file", "/dev/null"],
            "--ca-file: /dev/null has no certificate",
        ),
    ] {
        let ended = order(words, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{words:?}");
        assert!(
            ended.stderr.contains(said) && ended.stderr.lines().count() == 1,
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn top_without_a_terminal_is_one_plain_table_or_the_reply_itself() {
    let snapshot = json!({"seq": 7, "run": "a", "sampled_at_ms": 60_000, "interval_ms": 1000, "node": {},
        "containers": [
            {"id": "aa", "name": "quiet", "cpu": 0.0, "memory": 0, "net": {"rx": 0, "tx": 0}, "source": "ebpf"},
            {"id": "bb", "name": "b\u{1b}usy", "service": "web", "cpu": 150.5, "started_at_ms": 0}]});
    let agent = FakeAgent::with_snapshot(0, snapshot.clone(), answer);
    for words in [&["top"][..], &["top", "--once"]] {
        let ended = order(words, &[("AGENT_URL", &agent.url())]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let rows: Vec<Vec<_>> = ended
            .stdout
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            rows,
            [
                vec![
                    "NAME", "SERVICE", "CPU", "%", "MEM", "FREE", "RX/s", "TX/s", "SOURCE", "UPTIME"
                ],
                vec!["b\\u{1b}usy", "web", "150.5%", "-", "-", "-", "-", "-", "1m00s"],
                vec!["quiet", "-", "0.0%", "0B", "-", "0B", "0B", "ebpf", "-"],
            ]
        );
    }
    let ended = order(&["top", "--json", "--url", &agent.url()], &[]);
    assert_eq!(ended.code, Some(0));
    assert_eq!(serde_json::from_str::<Value>(&ended.stdout).ok(), Some(snapshot));
}
