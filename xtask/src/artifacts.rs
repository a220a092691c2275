//! Builds, and what they made: paths come from cargo's messages, never from a guess.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::command::{Command, workspace};

/// An executable that cargo built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executable {
    /// Directory of the package that it belongs to.
    pub(crate) package: PathBuf,
    /// Name of the target, such as `balancer-agent`.
    pub(crate) target: String,
    pub(crate) kind: Kind,
    pub(crate) path: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One that does what it is for: a program or an example.
    Program,
    /// Tests that stand inside the code of a target.
    UnitTest,
    /// Tests in a file of `tests/` of their package.
    IntegrationTest,
}

/// The agent as it is shipped: release profile, and static, so that one file runs on every distribution and in an empty
/// image. What is tested and measured is this file.
pub(crate) fn agent() -> Result<PathBuf> {
    the_one(static_build(&["--package", "balancer-agent"])?, "balancer-agent")
}

/// The program that test containers run, static because their images hold nothing else.
pub(crate) fn workload() -> Result<PathBuf> {
    let package = ["--package", "agent-tests", "--no-default-features", "--bin", "workload"];
    the_one(static_build(&package)?, "workload")
}

/// Writes the manual page and the completions of shells into `dir`.
pub(crate) fn manual(dir: &Path) -> Result<()> {
    let name = "manual";
    let build = static_build(&["--package", "balancer-agent", "--example", name])?;
    Command::new(the_one(build, name)?).arg(dir).run()
}

/// With the target named, build scripts and macros are not built with its flags: a macro cannot be static.
fn static_build(what: &[&str]) -> Result<Command> {
    let build = Command::cargo().args(["build", "--locked", "--release", "--target", &host()?]);
    Ok(build.args(what).env("RUSTFLAGS", "-C target-feature=+crt-static"))
}

/// The target that the compiler builds for by itself.
pub(crate) fn host() -> Result<String> {
    let version = Command::new("rustc")
        .arg("-vV")
        .ask()
        .context("asking `rustc -vV` for the host's target")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}

/// Where cargo puts what it builds: its own answer, for it may come from the environment or from a configuration.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = Command::cargo().args([
        "metadata",
        "--locked",
        "--no-deps",
        "--format-version",
        "1",
        "--manifest-path",
    ]);
    let metadata = metadata.arg(workspace()?.join("Cargo.toml"));
    let answer = metadata.ask().with_context(|| format!("`{metadata}` fails"))?;
    let answer: Value = serde_json::from_str(&answer).with_context(|| format!("reading what `{metadata}` printed"))?;
    let directory = answer.get("target_directory").and_then(Value::as_str);
    directory
        .map(Into::into)
        .context("cargo metadata names no target directory")
}

/// Programs that do nothing, which the benchmarks attach beside the agent's.
pub(crate) fn reference_programs() -> Result<PathBuf> {
    let name = "reference_programs";
    let build = Command::cargo().args(["build", "--locked", "--release", "--package", "balancer-agent"]);
    the_one(build.args(["--example", name]), name)
}

/// The program that measures.
pub(crate) fn bench() -> Result<PathBuf> {
    let build = Command::cargo().args(["build", "--locked", "--release", "--package", "agent-tests"]);
    the_one(build.args(["--bin", "bench"]), "bench")
}

/// The first process of a guest, which checks the agent on its kernel: it waits more than it computes, so the one that is
/// built for the tests will do.
pub(crate) fn guest() -> Result<PathBuf> {
    the_one(tests(), "guest")
}

/// Integration tests of the package `agent-tests`.
pub(crate) fn integration_tests() -> Result<Vec<Executable>> {
    let package = workspace()?.join("tests");
    Ok(build(tests())?
        .into_iter()
        .filter(|built| built.kind == Kind::IntegrationTest && built.package == package)
        .collect())
}

/// From the same graph of features as a plain `cargo test`, so that the two share what they compile.
fn tests() -> Command {
    Command::cargo().args(["test", "--locked", "--no-run"])
}

/// Programs in which libFuzzer drives a parser, by their names. They stand on what a plain `cargo test` compiles, but for the
/// crates of this repository: those tell the fuzzer where they have been.
pub(crate) fn fuzzers(names: &[&str]) -> Result<Vec<Executable>> {
    let fuzz = workspace()?.join("tests/fuzz");
    let bins = names.iter().flat_map(|name| ["--bin", name]);
    let command = tests().args(["--workspace", "--exclude", "agent-ebpf"]).args(bins);
    let mut built = build(
        command
            .env("RUSTC_WORKSPACE_WRAPPER", fuzz.join("instrumented.sh"))
            // no parser needs the kernel programs
            .env("AYA_BUILD_SKIP", "1"),
    )?;
    built.retain(|built| built.package == fuzz);
    Ok(built)
}

fn the_one(command: Command, target: &str) -> Result<PathBuf> {
    let shown = command.to_string();
    let built = build(command)?
        .into_iter()
        .find(|built| built.target == target && built.kind == Kind::Program);
    built
        .map(|built| built.path)
        .with_context(|| format!("`{shown}` made no `{target}`"))
}

/// What a command has built in this run, it is not asked for again: cargo looks at every file of every crate each time.
fn build(command: Command) -> Result<Vec<Executable>> {
    static BUILT: Mutex<BTreeMap<String, Vec<Executable>>> = Mutex::new(BTreeMap::new());
    let mut all_built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let shown = command.to_string();
    if let Some(built) = all_built.get(&shown) {
        return Ok(built.clone());
    }
    let command = command.arg("--message-format=json-render-diagnostics");
    let mut built = Vec::new();
    let status = command.lines(|line| built.extend(executable(line)))?;
    command.succeeded(status)?;
    all_built.insert(shown, built.clone());
    Ok(built)
}

fn executable(message: &str) -> Option<Executable> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = message.get("target")?;
    let kinds = target.get("kind")?.as_array()?;
    let kind = if kinds.iter().any(|kind| kind == "test") {
        Kind::IntegrationTest
    } else if message.get("profile")?.get("test")?.as_bool()? {
        Kind::UnitTest
    } else {
        Kind::Program
    };
    Some(Executable {
        path: message.get("executable")?.as_str()?.into(),
        package: Path::new(message.get("manifest_path")?.as_str()?).parent()?.to_owned(),
        target: target.get("name")?.as_str()?.to_owned(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn executables_are_taken_from_cargo_messages() {
        for (of_target, for_tests, kind) in [
            ("test", true, Kind::IntegrationTest),
            ("bin", true, Kind::UnitTest),
            ("bin", false, Kind::Program),
            ("example", false, Kind::Program),
        ] {
            let message = json!({
                "reason": "compiler-artifact",
                "manifest_path": "/repo/tests/Cargo.toml",
                "target": {"kind": [of_target], "name": "counts"},
                "profile": {"test": for_tests},
                "executable": "/t/debug/deps/counts-1",
            });
            let expected = Executable {
                package: "/repo/tests".into(),
                target: "counts".to_owned(),
                kind,
                path: "/t/debug/deps/counts-1".into(),
            };
            assert_eq!(executable(&message.to_string()), Some(expected));
        }
    }

    #[test]
    fn a_library_and_a_line_of_text_are_no_executables() {
        let library =
            r#"{"manifest_path":"/repo/agent/Cargo.toml","target":{"kind":["lib"],"name":"x"},"executable":null}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(executable("warning: something"), None);
    }
}
