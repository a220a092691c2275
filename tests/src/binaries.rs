//! Where the programs under test are: `cargo xtask test` has built them and says so; else they are built here.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

use serde_json::Value;

/// The agent.
#[track_caller]
pub fn agent() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        // as `cargo xtask` builds it, so that the two share what they compile
        let target = static_target();
        let words = ["-p", "balancer-agent", "--target", &target];
        let build = || build("--bin", "balancer-agent", &words, Some(STATIC));
        given("BALANCER_AGENT_BIN").unwrap_or_else(build)
    })
}

/// The programs that do nothing, to measure beside.
#[track_caller]
pub fn reference_programs() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let words = ["-p", "balancer-agent"];
        given("BALANCER_REFERENCE_BIN").unwrap_or_else(|| build("--example", "reference_programs", &words, None))
    })
}

/// The workload, which needs no file but itself to run.
#[track_caller]
pub fn workload() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let target = static_target();
        let words = ["-p", "agent-tests", "--no-default-features", "--target", &target];
        let build = || build("--bin", "workload", &words, Some(STATIC));
        given("BALANCER_WORKLOAD_BIN").unwrap_or_else(build)
    })
}

/// Flags of a static executable. The target has to be named with them, or macros would be built with them too.
const STATIC: &str = "-C target-feature=+crt-static";

fn static_target() -> String {
    format!("{}-unknown-linux-gnu", env::consts::ARCH)
}

fn given(variable: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os(variable)?);
    assert!(
        fs::metadata(&path).is_ok_and(|file| file.is_file()),
        "{variable}: {} is no file",
        path.display()
    );
    Some(path)
}

#[track_caller]
fn build(kind: &str, binary: &str, words: &[&str], rustflags: Option<&str>) -> PathBuf {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "build",
        "--quiet",
        "--locked",
        "--release",
        "--message-format=json",
        kind,
        binary,
    ]);
    command
        .args(words)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit());
    if let Some(flags) = rustflags {
        command.env("RUSTFLAGS", flags);
    }
    // With what cargo tells these tests of their own package, crates whose build scripts ask for such variables would be
    // built anew, and the agent with them.
    let names = env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| {
        let name = name.to_string_lossy();
        ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|of| name.starts_with(of))
    }) {
        command.env_remove(name);
    }
    let output = command.output().expect("cargo runs these tests");
    assert!(
        output.status.success(),
        "cargo cannot build {binary}; `cargo xtask setup` brings what it needs"
    );
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.unwrap_or_else(|| panic!("cargo did not say where {binary} is"))
}
