//! The harness keeps its promise: a private engine goes with all that it made, in whatever state it was left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;
use agent_tests::wait::wait_until;
use agent_tests::{cgroup, command};

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

/// Runs itself once more in a process of its own, which starts an engine and is killed.
#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn engine_of_a_test_that_is_killed_is_gone_too() {
    const INNER: &str = "BALANCER_TEST_TO_BE_KILLED";
    if std::env::var_os(INNER).is_some() {
        let docker = PrivateDocker::start();
        docker.run("orphan", &[], &["serve"]);
        let agent = AgentCommand::for_docker(&docker.url()).start();
        println!("{INNER} {} {}", docker.dir().display(), agent.pid);
        std::thread::sleep(Duration::from_mins(1));
        return;
    }
    let name = "harness::engine_of_a_test_that_is_killed_is_gone_too";
    let mut inner = Command::new(std::env::current_exe().expect("this test has a file"))
        .args(["--ignored", "--exact", "--nocapture", name])
        .env(INNER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test can be started");
    let lines = BufReader::new(inner.stdout.take().expect("it is piped")).lines();
    let told = lines.map_while(Result::ok).find_map(|line| {
        let words = line.split_once(INNER)?.1.trim().to_owned();
        words.split_once(' ').map(|(dir, pid)| (dir.to_owned(), pid.to_owned()))
    });
    inner.kill().expect("it is ours");
    inner.wait().expect("it is ours");
    let (dir, agent) = told.expect("it started an engine and an agent");
    let namespaces = format!("balancer-test-{}-", inner.id());
    wait_until("all that it started to go", Duration::from_secs(20), || {
        let left = [
            Path::new(&dir).exists(),
            Path::new(&format!("/proc/{agent}/exe")).exists(),
            command::run(&["ip", "netns", "list"]).contains(&namespaces),
        ];
        if left == [false; 3] {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    });
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
    let namespaces = command::run(&["ip", "netns", "list"]);
    let ours = format!("balancer-test-{}-", std::process::id());
    assert!(!namespaces.contains(&ours), "{namespaces}");
}
