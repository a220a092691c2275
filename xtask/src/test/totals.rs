//! Sums what libtest prints at the end of each executable.

use std::{fmt, ops::AddAssign, process::ExitStatus, time::Duration};

use anyhow::{Result, ensure};

use crate::command::Command;

/// How many tests passed and failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// Names of the tests that failed, and commands that ended badly without naming one.
    pub(super) problems: Vec<String>,
    /// How long tests took that ran one after the other, by name.
    pub(super) times: Vec<(String, Duration)>,
}

impl Totals {
    /// A lane that cannot run is a failure, never a silence.
    pub(super) fn not_run(lane: impl fmt::Debug, error: &anyhow::Error) -> Self {
        Self {
            passed: 0,
            failed: 1,
            problems: vec![format!("lane {lane:?} did not run: {error:#}")],
            times: Vec::new(),
        }
    }

    /// Counts what a line says where one test runs at a time; `since` is the time since the line before.
    pub(super) fn read(&mut self, line: &str, since: Duration) {
        self.count(line);
        self.times.extend(ended_test(line).map(|name| (name.to_owned(), since)));
    }

    /// Counts what a line of test output says.
    pub(super) fn count(&mut self, line: &str) {
        if let Some((passed, failed)) = result(line) {
            self.passed += passed;
            self.failed += failed;
        } else if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.problems.push(name.to_owned());
        }
    }

    /// Counts a step that is no test of an executable as one.
    pub(crate) fn add_step(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                self.problems.push(format!("{name}: {error:#}"));
            }
        }
    }

    /// Those that took longest, longest first: where to look for the time of the whole.
    pub(super) fn slowest(&mut self) -> &[(String, Duration)] {
        const SHOWN: usize = 20;
        self.times.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        &self.times[..self.times.len().min(SHOWN)]
    }

    /// An error where no test ran: what was asked for by a name that none has was not shown. `filter` is that name.
    pub(crate) fn any_ran(&self, filter: Option<&str>) -> Result<()> {
        let why = || filter.map_or("ran".to_owned(), |filter| format!("has {filter:?} in its name"));
        ensure!(self.passed + self.failed > 0, "no test {}", why());
        Ok(())
    }

    /// An error unless some ran and all of them passed.
    pub(crate) fn all_passed(&self, filter: Option<&str>) -> Result<()> {
        self.any_ran(filter)?;
        ensure!(self.failed == 0, "tests failed");
        Ok(())
    }

    /// An executable that dies, or does not compile, prints no result: that is a failure too.
    pub(super) fn ended(&mut self, command: &Command, status: ExitStatus) {
        if !status.success() && self.failed == 0 {
            self.failed += 1;
            self.problems
                .push(format!("`{command}` ended with {status} and no result"));
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.problems.extend(other.problems);
        self.times.extend(other.times);
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `test result: ok. 5 passed; 1 failed; 0 ignored; ...` as (passed, failed).
fn result(line: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix("test result: ")?;
    let (_, counts) = rest.split_once(". ")?;
    let count = |what: &str| {
        counts
            .split("; ")
            .find_map(|part| part.strip_suffix(what)?.parse().ok())
    };
    Some((count(" passed")?, count(" failed")?))
}

/// `test a::b ... ok` and the like: the name of a test that has ended.
fn ended_test(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("test ")?.split_once(" ... ")?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(script: &str) -> Totals {
        let command = Command::new("sh").args(["-c", script]);
        let mut totals = Totals::default();
        let status = command.lines(|line| totals.count(line)).unwrap();
        totals.ended(&command, status);
        totals
    }

    #[test]
    fn results_of_all_executables_are_summed() {
        let totals = ended(
            "echo 'test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s'
             echo 'test a::b ... FAILED'
             echo 'test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s'
             exit 101",
        );
        assert_eq!(
            totals,
            Totals {
                passed: 8,
                failed: 1,
                problems: vec!["a::b".to_owned()],
                times: Vec::new(),
            }
        );
    }

    #[test]
    fn dying_without_a_result_is_a_failure() {
        let totals = ended("echo 'running 3 tests'; kill -9 $$");
        assert_eq!((totals.passed, totals.failed), (0, 1));
        assert!(totals.problems[0].contains("signal: 9"), "{:?}", totals.problems);
    }

    #[test]
    fn only_tests_that_ran_can_all_have_passed() {
        let none =
            "echo 'test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.01s'";
        for (script, filter, expected) in [
            (none, Some("typo"), Some("no test has \"typo\" in its name")),
            (none, None, Some("no test ran")),
            ("echo 'test result: ok. 1 passed; 0 failed; 0 ignored'", Some("a"), None),
            (
                "echo 'test result: FAILED. 1 passed; 1 failed; 0 ignored'",
                None,
                Some("tests failed"),
            ),
        ] {
            let error = ended(script).all_passed(filter).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{script}");
        }
    }

    #[test]
    fn the_slowest_come_first_and_only_tests_have_a_time() {
        let mut totals = Totals::default();
        for (line, seconds) in [
            ("running 2 tests", 9),
            ("test quick ... ok", 1),
            ("test slow::one ... FAILED", 3),
            ("test result: FAILED. 1 passed; 1 failed; 0 ignored", 9),
        ] {
            totals.read(line, Duration::from_secs(seconds));
        }
        let expected = [("slow::one", 3), ("quick", 1)].map(|(name, s)| (name.to_owned(), Duration::from_secs(s)));
        assert_eq!(totals.slowest(), expected);
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "test result",
            "test result: ok.",
            "test a ... ok",
            "test result: ok. many passed; 0 failed;",
        ] {
            assert_eq!(result(line), None, "{line:?}");
        }
    }
}
