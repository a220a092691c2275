use super::{
    super::{parse, tests::run},
    *,
};

#[test]
fn a_bad_command_line_is_one_line_that_names_the_flag_with_exit_code_64() {
    for (args, environment, said) in [
        (vec!["--colour"], vec![], "unexpected argument '--colour' found"),
        (vec!["statistics"], vec![], "unrecognized subcommand 'statistics'"),
        (vec!["--interval"], vec![], "'--interval <DURATION>'"),
        (
            vec!["--source"],
            vec![],
            "'--source <SOURCE>' but none was supplied [possible values: auto",
        ),
        (vec!["--source="], vec![], "'--source <SOURCE>' but none was supplied"),
        (
            vec!["--source", "perf"],
            vec![],
            "--source <SOURCE>: `perf` is none of auto, ebpf, docker",
        ),
        (
            vec!["--pull", "always"],
            vec![],
            "--pull <PULL>: `always` is none of missing, never",
        ),
        (vec!["--fault", "x"], vec![], "--fault"),
        (
            vec!["--max-containers", "0"],
            vec![],
            "--max-containers: `0` is not a number from 1 to 100000",
        ),
        (
            vec!["--max-containers", "many"],
            vec![],
            "--max-containers: `many` is not a number",
        ),
        (
            vec!["--interval=1s", "--interval=2s"],
            vec![],
            "'--interval <DURATION>' cannot be used multiple times",
        ),
        (
            vec!["--interval", "0"],
            vec![],
            "--interval: `0` is not a time between 100ms and 60s",
        ),
        (
            vec!["--listen", "x\n\ny"],
            vec![],
            "--listen: `x\\n\\ny` is neither IP:PORT nor unix:PATH",
        ),
        (
            vec!["--source", "x\n\ny"],
            vec![],
            "--source <SOURCE>: `x\\n\\ny` is none of",
        ),
        (vec!["--x\n\ny"], vec![], "unexpected argument '--x"),
        (
            vec![],
            vec![("AGENT_SOURCE", "perf")],
            "--source <SOURCE>: `perf` is none of",
        ),
        (
            vec![],
            vec![("AGENT_ALLOW_UNAUTHENTICATED", "maybe")],
            "--allow-unauthenticated",
        ),
        (vec![], vec![("AGENT_MAX_CONTAINERS", "-1")], "--max-containers"),
        (
            vec![],
            vec![("DOCKER_URL", "ssh://host")],
            "--docker-url: `ssh://host` has the unknown scheme",
        ),
        (
            vec![],
            vec![("AGENT_LISTEN", "127.0.0.1:1,")],
            "--listen: `` is neither IP:PORT nor unix:PATH",
        ),
    ] {
        let exit = run(&args, &environment).unwrap_err();
        assert!(exit.text.starts_with("balancer-agent: "), "{}", exit.text);
        assert!(exit.text.contains(said), "{args:?}: {}", exit.text);
        assert_eq!(exit.text.lines().count(), 1, "{}", exit.text);
        assert_eq!((exit.stream, exit.code), (Stream::Stderr, 64), "{args:?}");
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_by_its_flag() {
    use std::os::unix::ffi::OsStringExt as _;
    let args = [OsString::from("balancer-agent")];
    let exit = parse(args, |name| {
        (name == "AGENT_LOG").then(|| OsString::from_vec(b"\xff".to_vec()))
    });
    let exit = exit.unwrap_err();
    assert_eq!((exit.stream, exit.code), (Stream::Stderr, 64));
    assert_eq!(exit.text.lines().count(), 1, "{}", exit.text);
    assert!(
        exit.text.contains("--log <FILTER>: `\u{fffd}` is not UTF-8 text"),
        "{}",
        exit.text
    );
}

#[test]
fn help_shows_every_flag_variable_and_default_but_no_value_of_the_environment() {
    for flag in ["--help", "-h"] {
        let exit = run(&[flag, "--interval=0"], &[("DOCKER_URL", "tcp://secret:1")]).unwrap_err();
        assert_eq!((exit.stream, exit.code), (Stream::Stdout, 0));
        for shown in [
            "--docker-url",
            "[env: DOCKER_URL]",
            "[default: file:///var/run/docker.sock]",
            "--listen",
            "[env: AGENT_LISTEN]",
            "[default: 127.0.0.1:5000]",
            "--allow-unauthenticated",
            "[env: AGENT_ALLOW_UNAUTHENTICATED]",
            "--source",
            "[env: AGENT_SOURCE]",
            "auto",
            "ebpf",
            "--interval",
            "[env: AGENT_INTERVAL]",
            "[default: 1s]",
            "--proc-root",
            "[env: AGENT_PROC_ROOT]",
            "--cgroup-root",
            "[env: AGENT_CGROUP_ROOT]",
            "--pull <PULL>",
            "[env: AGENT_PULL]",
            "--pull-timeout",
            "[env: AGENT_PULL_TIMEOUT]",
            "[default: 5m]",
            "--max-containers",
            "[env: AGENT_MAX_CONTAINERS]",
            "[default: 1024]",
            "--log",
            "[env: AGENT_LOG]",
        ] {
            assert!(exit.text.contains(shown), "{shown}: {}", exit.text);
        }
        for hidden in ["secret", "--fault"] {
            assert!(!exit.text.contains(hidden), "{hidden}: {}", exit.text);
        }
    }
}

#[test]
fn version_is_printed() {
    let exit = run(&["--version"], &[]).unwrap_err();
    assert_eq!(exit.text, format!("balancer-agent {}", env!("CARGO_PKG_VERSION")));
    assert_eq!((exit.stream, exit.code), (Stream::Stdout, 0));
}

#[test]
fn help_is_right_also_when_the_environment_is_not() {
    let exit = run(&["--help"], &[("AGENT_SOURCE", "perf")]).unwrap_err();
    assert_eq!(exit.code, 0);
}
