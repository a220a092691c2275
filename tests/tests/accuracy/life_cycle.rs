//! Identity of cgroups, room in the maps, start and end of the agent.

use agent_tests::accuracy::Scenario;
use agent_tests::command::find_program;

/// Their network stack or their kernel is not the host's, so nothing of it shows in the host's sockets.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn runtimes_with_a_kernel_of_their_own_are_not_shown() {
    let installed: Vec<_> = ["runsc", "kata-runtime"]
        .into_iter()
        .filter(|name| find_program(name).is_some())
        .collect();
    assert!(
        installed.is_empty(),
        "{installed:?} can be had here: show what the agent tells of it"
    );
    Scenario::not_shown(
        "20",
        "gVisor, Kata: containers with a network stack or a kernel of their own",
        "neither runtime can be installed on the test machine",
    );
}
