//! Programs that the chores take, beside what builds the agent.

use super::*;

#[test]
fn tests_take_the_engine_and_its_tools_too() {
    let facts = Facts {
        missing_tools: TOOLS.iter().collect(),
        apt: debian().apt,
        ..ready()
    };
    let packages = vec![
        "chromium",
        "chromium-driver",
        "curl",
        "docker-registry",
        "docker.io",
        "iproute2",
        "iptables",
        "strace",
        "tmux",
    ];
    assert_eq!(plan(Need::Test, &facts).unwrap(), [Step::AptInstall(packages)]);
    assert_eq!(plan(Need::Build, &facts).unwrap(), [], "a build needs none of it");
}

#[test]
fn busybox_is_not_installed_where_it_can_be_unpacked() {
    let packages = |need| match plan(need, &debian()).unwrap().as_slice() {
        [Step::AptInstall(packages), ..] => packages.clone(),
        steps => panic!("{steps:?}"),
    };
    for need in [Need::Test, Need::Vm] {
        let packages = packages(need);
        assert!(packages.iter().all(|name| !name.contains("busybox")), "{packages:?}");
    }
}

#[test]
fn guests_take_beside_what_the_tests_take_what_unpacks_their_modules() {
    let facts = Facts {
        missing_tools: TOOLS.iter().filter(|tool| tool.program == GUEST).collect(),
        apt: debian().apt,
        ..ready()
    };
    let packages = vec!["xz-utils"];
    assert_eq!(plan(Need::Vm, &facts).unwrap(), [Step::AptInstall(packages)]);
    assert_eq!(plan(Need::Test, &facts).unwrap(), [], "the tests do not need it");
}

#[test]
fn benchmarks_take_what_apt_has_and_go_without_the_rest() {
    let missing = Facts {
        missing_bench_tools: BENCH_TOOLS.iter().collect(),
        ..ready()
    };
    let with_apt = |apt| Facts {
        apt: Some(apt),
        ..missing.clone()
    };
    assert_eq!(
        plan(Need::Bench, &with_apt(apt(&["wrk", "iperf3"]))).unwrap(),
        [Step::AptInstall(vec!["iperf3", "wrk"])]
    );
    assert_eq!(
        plan(Need::Bench, &missing).unwrap(),
        [],
        "no apt: the report names what is missing"
    );
    assert_eq!(
        plan(Need::Bench, &with_apt(Apt::default())).unwrap(),
        [Step::AptRefresh]
    );
    assert_eq!(
        plan(Need::Test, &with_apt(Apt::default())).unwrap(),
        [],
        "tests need none of it"
    );
}

#[test]
fn the_demo_takes_an_engine_only_where_none_answers() {
    let facts = Facts {
        missing_tools: TOOLS.iter().collect(),
        apt: debian().apt,
        ..ready()
    };
    assert_eq!(
        plan(Need::Demo { engine: true }, &facts).unwrap(),
        [Step::AptInstall(vec!["docker.io", "iproute2", "iptables"])]
    );
    assert_eq!(
        plan(Need::Demo { engine: false }, &facts).unwrap(),
        [Step::AptInstall(vec!["docker.io"])],
        "the client"
    );
    let facts = Facts {
        missing_tools: vec![&TOOLS[0]],
        ..facts
    };
    assert_eq!(plan(Need::Demo { engine: false }, &facts).unwrap(), []);
}

#[test]
fn the_client_comes_from_its_own_package_where_there_is_one() {
    let facts = Facts {
        missing_tools: vec![&TOOLS[1]],
        apt: Some(apt(&["docker-cli", "docker.io"])),
        ..ready()
    };
    assert_eq!(
        plan(Need::Test, &facts).unwrap(),
        [Step::AptInstall(vec!["docker-cli"])]
    );
}
