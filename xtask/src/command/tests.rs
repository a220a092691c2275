use std::{fs, thread};

use super::*;

#[test]
fn cargo_is_not_told_of_the_package_that_asks_it() {
    let told = |command: &Command| {
        command
            .process()
            .get_envs()
            .any(|(name, value)| name == "CARGO_MANIFEST_DIR" && value.is_none())
    };
    assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(told(&Command::cargo()));
    assert!(told(&Command::cargo().within(Duration::from_secs(1))));
    assert!(!told(&Command::new("cargo")));
}

#[test]
fn a_command_is_printed_as_a_shell_would_take_it() {
    let command = Command::new("/usr/bin/tar").env("A", "b c").args(["-x", "it's", ""]);
    assert_eq!(command.to_string(), r"A='b c' tar -x 'it'\''s' ''");
}

#[test]
fn an_error_names_the_command_that_failed() {
    let error = Command::new("false").arg("--now").run().unwrap_err();
    assert!(
        error.to_string().starts_with("`false --now` failed: exit status: 1"),
        "{error}"
    );
    let error = Command::new("no-such-program").run().unwrap_err();
    assert_eq!(error.to_string(), "starting `no-such-program`");
}

#[test]
fn lines_come_one_by_one_with_the_exit_status() {
    let mut seen = Vec::new();
    let command = Command::new("sh").args(["-c", "echo one; echo two; exit 3"]);
    let status = command.lines(|line| seen.push(line.to_owned())).unwrap();
    assert_eq!(
        (seen, status.code()),
        (vec!["one".to_owned(), "two".to_owned()], Some(3))
    );
}

#[test]
fn output_is_what_was_printed_and_an_error_what_was_said() {
    let command = |script: &str| Command::new("sh").args(["-c", script]);
    assert_eq!(command("echo yes; echo no >&2").output().unwrap(), "yes\n");
    let error = command("echo yes; echo no >&2; exit 2").output().unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "no: `sh -c 'echo yes; echo no >&2; exit 2'` failed: exit status: 2"
    );
}

#[test]
fn a_deadline_is_part_of_the_command() {
    let command = Command::new("tar")
        .arg("-x")
        .env("A", "b")
        .within(Duration::from_mins(1));
    assert_eq!(command.to_string(), "A=b timeout 60 tar -x");
}

#[test]
fn what_is_to_end_with_its_starter_does() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    // the deadline as it is for a guest: what it watches must end, too
    let command = Command::new("sh")
        .args(["-c", "trap 'echo ended; exit' TERM; echo started; sleep 60 & wait"])
        .within(Duration::from_mins(1))
        .ended_with_its_starter();
    let said = |word: &str| {
        (0..400).any(|_| {
            thread::sleep(Duration::from_millis(25));
            fs::read_to_string(&log).unwrap().contains(word)
        })
    };
    let starter = || {
        let child = command.spawn(File::create(&log).unwrap()).unwrap();
        assert!(said("started"));
        child
    };
    let mut child = thread::scope(|scope| scope.spawn(starter).join()).unwrap();
    assert!(said("ended"));
    child.wait().unwrap();
}

#[test]
fn a_question_that_fails_has_no_answer() {
    assert_eq!(Command::new("echo").arg("yes").ask().as_deref(), Some("yes\n"));
    assert_eq!(Command::new("false").ask(), None);
    assert_eq!(Command::new("no-such-program").ask(), None);
}
