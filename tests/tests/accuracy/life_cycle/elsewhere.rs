//! What cannot be shown here, and where it is shown.

use agent_tests::accuracy::Scenario;
use agent_tests::command::{attempt, find_program};

/// Their network stack or their kernel is not the host's, so nothing of it shows in the host's sockets.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn runtimes_with_a_kernel_of_their_own_are_not_shown() {
    let installed: Vec<_> = ["runsc", "kata-runtime"]
        .into_iter()
        .filter(|name| find_program(name).is_some())
        .collect();
    let found = (!installed.is_empty()).then(|| format!("this machine has {}", installed.join(" and ")));
    Scenario::not_tried(
        "20",
        "gVisor, Kata: containers with a network stack or a kernel of their own",
        found.as_deref(),
        "neither runtime can be installed on the test machine",
    );
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn systemds_own_accounting_is_not_shown() {
    let state = find_program("systemctl").map(|_| attempt(&["systemctl", "is-system-running"]).stdout);
    let runs = state.is_some_and(|state| state != "offline");
    Scenario::not_tried(
        "33b",
        "`IPAccounting=yes` of systemd on the scope of a container",
        runs.then_some("systemd runs on this machine"),
        "systemd does not run on the test machine; no. 33 attaches programs of the same kind",
    );
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn kernels_and_their_settings_are_shown_in_guests() {
    let page = include_str!("../../../../docs/requirements.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).collect();
    for setting in [
        "no BTF",
        "`lockdown=confidentiality`",
        "`net.core.bpf_jit_enable=0`",
        "`kernel.unprivileged_bpf_disabled=2`",
        "| v1 |",
        "(hybrid) |",
        "a class id set in `net_cls`",
    ] {
        assert!(rows.iter().any(|row| row.contains(setting)), "no guest with {setting}");
    }
    Scenario::not_shown(
        "35",
        "no BTF, lockdown, no JIT compiler, v1 only, v1 beside v2, class ids",
        "a test has one kernel: guests show them, in [requirements.md](requirements.md)",
    );
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_thousand_containers_are_not_shown() {
    let bench = include_str!("../../../src/bin/bench/main.rs");
    assert!(
        bench.contains("vec![10, FEW, 200, 500]"),
        "the benchmark has other numbers of containers: name them here"
    );
    Scenario::not_shown(
        "37b",
        "CPU time of the agent with 1,000 containers",
        "they take minutes to start: `cargo xtask bench` measures up to 500 ([performance.md](performance.md)), no. 31 a \
         thousand cgroups",
    );
}
