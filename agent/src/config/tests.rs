use clap::Parser;
use proptest::prelude::*;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    flags: Flags,
}

fn config(change: impl FnOnce(&mut Flags)) -> Result<Config, ConfigError> {
    let mut flags = Line::parse_from(["balancer-agent"]).flags;
    change(&mut flags);
    Config::try_from(flags)
}

#[test]
fn intervals_in_bounds_are_taken() {
    for (given, expected_ms) in [
        ("100ms", 100),
        ("500ms", 500),
        ("1s", 1000),
        ("1500ms", 1500),
        ("0.5s", 500),
        ("60s", 60_000),
        ("1m", 60_000),
    ] {
        let config = config(|cli| cli.interval = given.to_owned()).unwrap();
        assert_eq!(config.interval, Duration::from_millis(expected_ms), "{given}");
    }
}

#[test]
fn other_intervals_are_refused() {
    for given in [
        "",
        "0",
        "1",
        "0s",
        "-1s",
        "99ms",
        "61s",
        "2m",
        "1h",
        "1 second later",
        "1x",
        "NaN",
        "1e3s",
        "s",
        "99999999999999999999s",
    ] {
        let error = config(|cli| cli.interval = given.to_owned()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("--interval: `{given}` is not a time between 100ms and 60s; write it like 500ms, 1s or 1m")
        );
    }
}

#[test]
fn time_for_pulling_has_bounds_of_its_own() {
    let pull_timeout =
        |given: &str| config(|cli| cli.pull_timeout = given.to_owned()).map(|config| config.pull_timeout);
    assert_eq!(pull_timeout("1s"), Ok(Duration::from_secs(1)));
    assert_eq!(pull_timeout("1h"), Ok(Duration::from_hours(1)));
    for given in ["999ms", "3601s", "5"] {
        let error = pull_timeout(given).unwrap_err().to_string();
        assert!(error.starts_with("--pull-timeout: `"), "{error}");
    }
}

#[test]
fn room_for_containers_has_bounds() {
    let room = |given: &str| config(|cli| cli.max_containers = given.to_owned()).map(|config| config.max_containers);
    assert_eq!(room("1"), Ok(1));
    assert_eq!(room("100000"), Ok(100_000));
    for given in ["", "0", "100001", "-1", "1e3", "99999999999"] {
        let error = room(given).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!(
                "--max-containers: `{given}` is not a number from 1 to 100000; "
            )),
            "{error}"
        );
    }
}

#[test]
fn addresses_to_serve() {
    let served = |given: &[&str], allow: bool| {
        listen(&given.iter().map(ToString::to_string).collect::<Vec<_>>(), allow)
            .map(|addresses| addresses.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    for (given, allow, expected) in [
        (vec!["127.0.0.1:5000"], false, vec!["127.0.0.1:5000"]),
        (
            vec!["127.8.9.1:0", "[::1]:5000"],
            false,
            vec!["127.8.9.1:0", "[::1]:5000"],
        ),
        (vec!["127.0.0.1:1", " 127.0.0.1:1"], false, vec!["127.0.0.1:1"]),
        (vec!["[::ffff:127.0.0.1]:1"], false, vec!["[::ffff:127.0.0.1]:1"]),
        (
            vec!["0.0.0.0:5000", "[::]:5000"],
            true,
            vec!["0.0.0.0:5000", "[::]:5000"],
        ),
    ] {
        assert_eq!(
            served(&given, allow),
            Ok(expected.iter().map(ToString::to_string).collect()),
            "{given:?}"
        );
    }
    for given in [
        "localhost:5000",
        ":5000",
        "5000",
        "127.0.0.1",
        "127.0.0.1:65536",
        "::1:5000",
        "http://127.0.0.1:1",
        "",
    ] {
        let error = served(&[given], true).unwrap_err();
        assert!(
            error.starts_with(&format!(
                "--listen: `{given}` is neither IP:PORT nor unix:PATH nor fd://; write it like "
            )),
            "{error}"
        );
    }
    for given in [
        "0.0.0.0:5000",
        "[::]:5000",
        "10.1.2.3:5000",
        "[::ffff:10.1.2.3]:5000",
        "[fe80::1]:1",
    ] {
        let error = served(&["127.0.0.1:5000", given], false).unwrap_err();
        assert!(
            error.starts_with(&format!("--listen: {given} can be reached from other machines")),
            "{error}"
        );
        assert!(error.contains("--allow-unauthenticated"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[test]
fn a_log_filter_is_checked() {
    for given in [
        "info",
        "warn,balancer_agent=debug",
        "off",
        "balancer_agent::docker=trace",
    ] {
        assert_eq!(config(|cli| cli.log = given.to_owned()).unwrap().log, given);
    }
    for given in ["balancer_agent=loud", "a=b=c", "[", "x\ny=loud", "inof", "", " 𘠀="] {
        let error = config(|cli| cli.log = given.to_owned()).unwrap_err().to_string();
        assert!(error.starts_with("--log: `"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_every_complaint_is_one_line_that_names_a_flag(text: String) {
        for change in [
            |flags: &mut Flags, text: String| flags.interval = text,
            |flags: &mut Flags, text: String| flags.pull_timeout = text,
            |flags: &mut Flags, text: String| flags.docker_url = text,
            |flags: &mut Flags, text: String| flags.listen = vec![text],
            |flags: &mut Flags, text: String| flags.log = text,
            |flags: &mut Flags, text: String| flags.max_containers = text,
        ] {
            if let Err(error) = config(|cli| change(cli, text.clone())) {
                let line = error.to_string();
                prop_assert!(line.starts_with("--") && !line.contains(char::is_control), "{:?}", line);
            }
        }
    }
}
