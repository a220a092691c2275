//! Findings, and how they are told.

use std::fmt::Write as _;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// As the operator wants it, and worth knowing.
    Note,
    /// The agent runs, with less than it could have.
    Warning,
    /// The agent does not start, or cannot do its work.
    Failure,
}

/// What was found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The thing, in a word or two: a name for programs, which does not change.
    pub(super) check: &'static str,
    /// How bad it is.
    pub(super) level: Level,
    /// What is there.
    pub(super) found: String,
    /// What to do; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            level: Level::Ok,
            found: found.into(),
            remedy: None,
        }
    }

    pub(super) fn bad(check: &'static str, level: Level, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            check,
            level,
            found: found.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// Of an error that says what to do behind its last semicolon, as those of this agent do.
    pub(super) fn error(check: &'static str, level: Level, error: &str) -> Self {
        let (found, remedy) = match error.rsplit_once("; ") {
            Some((found, remedy)) => (found, Some(remedy.to_owned())),
            None => (error, None),
        };
        Self {
            check,
            level,
            found: found.to_owned(),
            remedy,
        }
    }
}

fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

/// 0, 1 for a warning, 2 for a failure.
pub(super) fn exit_code(findings: &[Finding]) -> u8 {
    match worst(findings) {
        Level::Ok | Level::Note => 0,
        Level::Warning => 1,
        Level::Failure => 2,
    }
}

/// A line for each, and one below it where something is to be done.
pub(super) fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Failure => "FAILURE",
        };
        let _infallible = writeln!(text, "{level:<8} {:<14} {}", finding.check, finding.found);
        if let Some(remedy) = &finding.remedy {
            let _infallible = writeln!(text, "{:<24}-> {remedy}", "");
        }
    }
    text
}

#[derive(Serialize)]
struct Report<'a> {
    level: Level,
    findings: &'a [Finding],
}

pub(super) fn json(findings: &[Finding]) -> String {
    let report = Report {
        level: worst(findings),
        findings,
    };
    // Plain strings and names: there is nothing in it that cannot be written.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(levels: &[Level]) -> Vec<Finding> {
        let finding = |level: &Level| Finding::bad("a", *level, "b", "c");
        levels.iter().map(finding).collect()
    }

    #[test]
    fn the_exit_code_is_of_the_worst() {
        use Level::{Failure, Note, Ok, Warning};
        for (levels, code) in [
            (&[][..], 0),
            (&[Ok, Note], 0),
            (&[Warning, Note], 1),
            (&[Ok, Failure, Warning], 2),
        ] {
            assert_eq!(exit_code(&of(levels)), code, "{levels:?}");
        }
    }

    #[test]
    fn a_remedy_stands_below_what_it_is_for_and_in_a_field_of_its_own() {
        let findings = [
            Finding::ok("kernel", "Linux 6.1"),
            Finding::error("source", Level::Warning, "no cgroup v2 tree; no, really; mount one"),
        ];
        let told = text(&findings);
        let lines: Vec<_> = told.lines().map(str::trim_start).collect();
        assert_eq!(
            lines,
            [
                "ok       kernel         Linux 6.1",
                "warning  source         no cgroup v2 tree; no, really",
                "-> mount one",
            ]
        );
        let told: serde_json::Value = serde_json::from_str(&json(&findings)).unwrap();
        assert_eq!(told["level"], "warning");
        assert_eq!(told["findings"][1]["remedy"], "mount one");
        assert!(told["findings"][0].get("remedy").is_none());
    }
}
