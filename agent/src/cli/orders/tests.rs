use super::{super::*, *};

#[track_caller]
fn asked(line: &str, environment: &[(&str, &str)]) -> Result<Asked, Exit> {
    let order = parse(line.split_whitespace().map(OsString::from), |name| {
        let given = environment.iter().find(|(key, _)| *key == name);
        given.map(|(_, value)| OsString::from(value))
    })?;
    match order {
        Order::Ask(asked) => Ok(asked),
        other => panic!("{other:?}"),
    }
}

fn local() -> Access {
    Access {
        address: "http://127.0.0.1:5000".parse().unwrap(),
        token_file: None,
        ca_file: None,
    }
}

#[test]
fn each_order_takes_its_flags() {
    let id = |id: &str| id.to_owned();
    let watch = |show| Watch { show, panics: false };
    for (line, expected) in [
        ("top", Asked::Top(local(), watch(Show::Live))),
        ("top --once", Asked::Top(local(), watch(Show::Table))),
        ("top --json", Asked::Top(local(), watch(Show::Json))),
        ("status --json", Asked::Errand(local(), Errand::Status { json: true })),
        (
            "ps --service web",
            Asked::Errand(
                local(),
                Errand::Ps {
                    service: Some(id("web")),
                    json: false,
                },
            ),
        ),
        (
            "inspect web-1",
            Asked::Errand(local(), Errand::Inspect { id: id("web-1") }),
        ),
        (
            "create --image hello --service web --port 80",
            Asked::Errand(
                local(),
                Errand::Create {
                    image: id("hello"),
                    service: id("web"),
                    port: Some(80),
                },
            ),
        ),
        (
            "rm a b --timeout 0",
            Asked::Errand(
                local(),
                Errand::Rm {
                    ids: vec![id("a"), id("b")],
                    timeout: Some(0),
                },
            ),
        ),
    ] {
        assert_eq!(asked(&format!("balancer-agent {line}"), &[]), Ok(expected), "{line}");
    }
}

#[test]
fn the_agent_that_is_asked_is_named_by_flags_or_variables_of_their_own() {
    let environment = [
        ("AGENT_URL", "https://node-7:5001"),
        ("AGENT_TOKEN_FILE", "/etc/token"),
        ("AGENT_CA_FILE", "/etc/ca"),
        // one of serving
        ("AGENT_LISTEN", "nonsense"),
    ];
    let remote = Access {
        address: "https://node-7:5001".parse().unwrap(),
        token_file: Some("/etc/token".into()),
        ca_file: Some("/etc/ca".into()),
    };
    let status = |access| Ok(Asked::Errand(access, Errand::Status { json: false }));
    assert_eq!(asked("balancer-agent status", &environment), status(remote.clone()));
    let by_flag = Access {
        address: "unix:/run/a".parse().unwrap(),
        ..remote
    };
    assert_eq!(
        asked("balancer-agent status --url unix:/run/a", &environment),
        status(by_flag)
    );
}

#[test]
fn what_does_not_fit_is_refused_with_exit_code_64() {
    for (line, said) in [
        ("status --url node-7", "--url: `node-7` is no address"),
        ("status --listen 127.0.0.1:1", "unexpected argument '--listen'"),
        ("top --once --json", "cannot be used with"),
        ("inspect", "<ID>"),
        ("rm", "<ID>"),
        ("create --image x", "--service <NAME>"),
        ("create --image x --service y --port 0", "--port <PORT>"),
        ("rm a --timeout soon", "--timeout <SECONDS>"),
        ("ps --service=", "--service <NAME>"),
    ] {
        let exit = asked(&format!("balancer-agent {line}"), &[]).unwrap_err();
        assert!(exit.text.contains(said), "{line}: {}", exit.text);
        assert_eq!(
            (exit.text.lines().count(), exit.stream, exit.code),
            (1, Stream::Stderr, 64)
        );
    }
}

#[test]
fn help_tells_the_flags_variables_and_exit_codes_of_each_order() {
    for order in ["top", "status", "ps", "inspect", "create", "rm"] {
        let exit = asked(&format!("balancer-agent {order} --help"), &[]).unwrap_err();
        assert_eq!((exit.stream, exit.code), (Stream::Stdout, 0));
        for shown in [
            "--url",
            "[env: AGENT_URL]",
            "--token-file",
            "[env: AGENT_CA_FILE]",
            "Exit codes:",
        ] {
            assert!(exit.text.contains(shown), "{order}: {shown}: {}", exit.text);
        }
        assert!(!exit.text.contains("--fault"), "{}", exit.text);
    }
}
