//! Live figures of the node and its containers.

use agent_tests::agent::{AgentCommand, free_port};
use agent_tests::browser::{Browser, SHOW_DEADLINE, key};
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::wait::wait_until_true;

use crate::look::{browser, focus_row, has_no_complaints, names, open, shows, shows_what_the_agent_tells, value};

/// One that is busy, one that rests, and one of another service whose network is not its own.
#[track_caller]
fn three(docker: &PrivateDocker) -> [Container<'_>; 3] {
    let busy = docker.run("web-1-1", &["--cpus", "0.3"], &["serve"]);
    busy.exec_detached(&["spin", "--threads", "1", "--seconds", "600"]);
    [
        busy,
        docker.run("web-2-2", &[], &["serve"]),
        docker.run("cache-1-3", &["--network", "host", "--env", "PORT=3999"], &["serve"]),
    ]
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_page_shows_sorts_filters_and_opens_what_runs() {
    let docker = PrivateDocker::start();
    let _containers = three(&docker);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let browser = browser();
    open(&browser, &agent.address, 3);
    shows_what_the_agent_tells(&browser, &agent);
    assert_eq!(browser.text("#state"), "live");
    assert_eq!(browser.text("#tiles div:nth-child(4) dd"), "3");
    assert!(browser.text("#health").contains("Docker answers."));

    assert_eq!(names(&browser)[0], "web-1-1", "the busiest comes first");
    browser.click("th[data-key=name] button");
    assert_eq!(names(&browser), ["cache-1-3", "web-1-1", "web-2-2"]);
    assert_eq!(browser.text("th[aria-sort=ascending]"), "Name");
    browser.press(key::ENTER);
    assert_eq!(names(&browser), ["web-2-2", "web-1-1", "cache-1-3"]);
    assert_eq!(browser.text("th[aria-sort=descending]"), "Name");

    browser.type_into("#name", "WEB");
    assert_eq!(names(&browser), ["web-2-2", "web-1-1"]);
    browser.run("document.querySelector('#name').value = ''", &[]);
    browser.type_into("#name", key::ESCAPE);
    browser.run(
        "const filter = document.querySelector('#service'); filter.value = 'cache';
         filter.dispatchEvent(new Event('change'));
         document.querySelector('#name').dispatchEvent(new Event('input'));",
        &[],
    );
    assert_eq!(names(&browser), ["cache-1-3"]);
    assert_eq!(browser.text("#shown"), "1 of 3 containers");
    opens(&browser, "cache-1-3");
    has_no_complaints(&browser);
}

/// Opens a row with Enter, reads its plots with the arrow keys, looks at each window.
#[track_caller]
fn opens(browser: &Browser, name: &str) {
    focus_row(browser, name);
    browser.press(key::ENTER);
    browser.wait_for(
        "the plots of the row",
        "[...document.querySelectorAll('.details path.line')].filter((line) => line.getAttribute('d') !== '').length >= 4",
    );
    let readout = "document.querySelector('.details svg.plot').getAttribute('aria-valuetext')";
    let latest = value(browser, readout);
    assert!(latest.as_str().is_some_and(|text| text.contains('%')), "{latest}");
    browser.wait_for(
        "a second point",
        "Number(document.querySelector('.details svg.plot').getAttribute('aria-valuemax')) >= 1",
    );
    browser.run("document.querySelector('.details svg.plot').focus()", &[]);
    browser.press(key::LEFT);
    assert!(value(browser, "document.querySelectorAll('.details .cursor circle').length") != 0);
    for window in 2..=3 {
        browser.click(&format!(".details .windows button:nth-child({window})"));
        browser.wait_for(
            "the other window",
            &format!(
                "document.querySelector('.details .windows button:nth-child({window})').ariaPressed === 'true' && \
                 document.querySelector('.details .problem').hidden"
            ),
        );
    }
    focus_row(browser, name);
    browser.press(key::ENTER);
    browser.wait_for("the row to close", "document.querySelector('.details') === null");
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_page_says_so_while_the_agent_is_gone_and_goes_on_when_it_is_back() {
    let docker = PrivateDocker::start();
    let _containers = three(&docker);
    let address = format!("127.0.0.1:{}", free_port());
    let start = || {
        AgentCommand::for_docker(&docker.url())
            .args(&["--listen", &address])
            .start_at(&address)
    };
    let agent = start();
    let browser = browser();
    open(&browser, &agent.address, 3);
    let first_run = value(&browser, "document.querySelector('main').dataset.run");
    drop(agent);
    browser.wait_for(
        "word of the silence",
        "document.querySelector('#banner').innerText.includes('The agent does not answer')",
    );
    browser.wait_for(
        "the age of the figures",
        "/Figures are \\d+ s old/.test(document.querySelector('#age').innerText)",
    );
    assert_eq!(
        value(&browser, "document.documentElement.classList.contains('is-old')"),
        true
    );
    assert_eq!(names(&browser).len(), 3, "the last figures stay");

    let agent = start();
    browser.wait_for(
        "word of its return",
        "document.querySelector('#state').innerText === 'live'",
    );
    shows(&browser, 3);
    shows_what_the_agent_tells(&browser, &agent);
    assert_ne!(value(&browser, "document.querySelector('main').dataset.run"), first_run);
    assert_eq!(value(&browser, "document.querySelector('#banner').hidden"), true);
    assert!(browser.text("#said").contains("answers again"));
    has_no_complaints(&browser);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn the_page_tells_that_docker_is_away_and_goes_on_with_the_figures() {
    let docker = PrivateDocker::start();
    let _container = docker.run("web-1-1", &[], &["serve"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let browser = browser();
    open(&browser, &agent.address, 1);
    docker.kill();
    browser.wait_for(
        "word of Docker",
        "document.querySelector('#health .bad')?.innerText.startsWith('Docker does not answer')",
    );
    shows_what_the_agent_tells(&browser, &agent);
    docker.launch();
    browser.wait_for("its return", "document.querySelector('#health .bad') === null");
    has_no_complaints(&browser);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_page_that_nobody_looks_at_asks_for_nothing() {
    let docker = PrivateDocker::start();
    let _container = docker.run("web-1-1", &[], &["serve"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let browser = browser();
    open(&browser, &agent.address, 1);
    browser.run(
        "globalThis.seen = [];
         document.addEventListener('visibilitychange', () => {
             const { seq } = document.querySelector('main').dataset;
             seen.push([document.visibilityState, seq, document.querySelector('#state').innerText]);
         });",
        &[],
    );
    let seq = || agent.get("/containers/status").must_be(200).json()["seq"].as_u64();
    browser.look_away(|| {
        let before = seq();
        wait_until_true("some ticks", SHOW_DEADLINE, || seq() >= before.map(|number| number + 3));
    });
    let seen = value(&browser, "seen");
    assert_eq!([&seen[0][0], &seen[1][0]], ["hidden", "visible"], "{seen}");
    assert_eq!(seen[0][1], seen[1][1], "nothing was drawn meanwhile: {seen}");
    assert_eq!(seen[1][2], "paused", "{seen}");
    browser.wait_for(
        "the figures of now",
        "document.querySelector('#state').innerText === 'live'",
    );
    shows_what_the_agent_tells(&browser, &agent);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn on_a_telephone_nothing_is_wider_than_the_page() {
    let docker = PrivateDocker::start();
    let long = format!("web-{}", "long-".repeat(20));
    let _container = docker.run(&long, &[], &["serve"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    // no window is narrower than 500 pixels: the page is looked at in a frame of a telephone
    let browser = browser();
    browser.narrow_to(390, 844);
    open(&browser, &agent.address, 1);
    assert_eq!(value(&browser, "innerWidth"), 390);
    focus_row(&browser, &long);
    browser.press(key::ENTER);
    browser.wait_for(
        "the plots",
        "document.querySelectorAll('.details path.line').length === 4",
    );
    assert_eq!(value(&browser, "document.documentElement.scrollWidth"), 390);
    has_no_complaints(&browser);
}
