//! The harness keeps its promise: a private engine goes with all that it made, in whatever state it was left.

use std::fs;
use std::path::PathBuf;

use agent_tests::cgroup;
use agent_tests::docker::PrivateDocker;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn engine_is_gone_with_its_containers_mounts_and_namespace_when_it_was_up() {
    leaves_nothing_behind(|_| {});
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn engine_is_gone_with_its_containers_mounts_and_namespace_when_it_was_frozen() {
    leaves_nothing_behind(PrivateDocker::freeze);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn engine_is_gone_with_its_containers_mounts_and_namespace_when_it_was_killed() {
    leaves_nothing_behind(PrivateDocker::kill);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn containers_live_on_while_the_engine_is_away() {
    let docker = PrivateDocker::start();
    let container = docker.run("lives-on", &[], &["sleep", "--seconds", "60"]);
    let pid = container.pid();
    docker.kill();
    docker.launch();
    assert_eq!(container.pid(), pid, "after SIGKILL");
    docker.terminate();
    docker.launch();
    assert_eq!(container.pid(), pid, "after SIGTERM");
    assert_eq!(container.exec(&["spin", "--threads", "1", "--seconds", "0"]), "");
}

fn leaves_nothing_behind(break_it: impl FnOnce(&PrivateDocker)) {
    let docker = PrivateDocker::start();
    let bridged = docker.run("bridged", &["--publish", "80:3000"], &["serve"]);
    let on_host = docker.run("on-host", &["--network", "host"], &["serve"]);
    let processes = [bridged.pid(), on_host.pid()];
    let cgroups = [cgroup::v2_dir(&bridged.id), cgroup::v2_dir(&on_host.id)];
    let answer = docker.netns().run(&[
        &agent_tests::binaries::workload().display().to_string(),
        "get",
        "--to",
        "127.0.0.1:80",
    ]);
    assert_eq!(
        answer, "ok 3000",
        "the published port answers inside the engine's namespace"
    );
    let dir = docker.dir().to_owned();
    break_it(&docker);
    drop(docker);

    let gone = |path: PathBuf| assert!(!path.exists(), "{} is still there", path.display());
    for pid in processes {
        gone(format!("/proc/{pid}/exe").into());
    }
    for cgroup in cgroups {
        gone(cgroup);
    }
    let mounts = fs::read_to_string("/proc/self/mounts").expect("/proc is mounted");
    assert!(!mounts.contains(&*dir.to_string_lossy()), "{mounts}");
    gone(dir);
    let namespaces = agent_tests::command::run(&["ip", "netns", "list"]);
    let ours = format!("balancer-test-{}-", std::process::id());
    assert!(!namespaces.contains(&ours), "{namespaces}");
}
