//! Pictures of the page for the documents, of an agent that runs. `cargo xtask pictures` keeps them; a test only looks at whether they
//! can be taken.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::browser::Browser;
use agent_tests::docker::{Container, PrivateDocker};
use agent_tests::wait::wait_until;

use crate::look::{browser, focus_row, open, value};

/// Where the pictures are to be kept.
const KEPT_IN: &str = "BALANCER_PICTURES_DIR";
/// Samples that plots and small lines are to show, where the pictures are kept.
const SAMPLES: u64 = 60;
const SAMPLES_DEADLINE: Duration = Duration::from_mins(3);

/// A small shop: some of it busy, some at rest, one on the host's network.
fn shop(docker: &PrivateDocker) -> Vec<Container<'_>> {
    let run = |name, options: &[&str]| docker.run(name, options, &["serve"]);
    let shop = vec![
        run("web-1-512", &["--cpus", "0.4"]),
        run("web-2-87", &["--cpus", "0.25"]),
        run("checkout-1-903", &["--cpus", "0.1"]),
        run("cache-1-44", &["--memory", "64m"]),
        run("mail-1-371", &["--network", "host", "--env", "PORT=3998"]),
        run("search-1-650", &[]),
    ];
    for busy in &shop[..3] {
        busy.exec_detached(&["spin", "--threads", "1", "--seconds", "600"]);
    }
    let to = format!("{}:5201", shop[3].address());
    shop[3].exec_detached(&["tcp-sink", "--port", "5201"]);
    for (sender, rate) in [(&shop[0], "400000"), (&shop[1], "150000"), (&shop[4], "60000")] {
        sender.exec_detached(&["tcp-send", "--to", &to, "--bytes", "400000000", "--rate", rate]);
    }
    shop
}

#[track_caller]
fn wait_for_samples(agent: &Agent, browser: &Browser) {
    let seq = |agent: &Agent| {
        agent.get("/containers/status").must_be(200).json()["seq"]
            .as_u64()
            .unwrap_or(0)
    };
    let wanted = seq(agent) + SAMPLES;
    wait_until("samples that make a plot", SAMPLES_DEADLINE, || match seq(agent) {
        now if now >= wanted => Ok(()),
        now => Err(format!("{now} of {wanted}")),
    });
    browser.wait_for(
        "the page to follow",
        "document.querySelector('#state').textContent === 'live'",
    );
}

/// Of what is in sight, in pixels of the page.
#[track_caller]
fn size_of(browser: &Browser) -> (u32, u32) {
    let size = |what: &str| {
        let pixels = value(browser, what).as_u64();
        pixels.and_then(|pixels| u32::try_from(pixels).ok()).expect("a size")
    };
    (size("innerWidth"), size("innerHeight"))
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn pictures_of_the_page_can_be_taken() {
    let kept_in = std::env::var_os(KEPT_IN).map(PathBuf::from);
    let keep = |name: &str, browser: &Browser, (width, height): (u32, u32)| {
        let picture = browser.picture();
        // the head of a PNG: its sign, then the size of the picture (its specification, 5.2 and 11.2.2)
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{name} is no PNG");
        let size = [16, 20].map(|at| {
            picture[at..at + 4]
                .iter()
                .fold(0, |number, byte| number << 8 | u32::from(*byte))
        });
        assert_eq!(size, [width, height], "{name}");
        if let Some(dir) = &kept_in {
            let path = dir.join(format!("{name}.png"));
            fs::write(&path, picture).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        }
    };
    let docker = PrivateDocker::start();
    let shop = shop(&docker);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let browser = browser();
    open(&browser, &agent.address, shop.len());
    if kept_in.is_some() {
        wait_for_samples(&agent, &browser);
    }

    // the window has a frame, the picture has none
    let desk = size_of(&browser);
    keep("page-light", &browser, desk);
    browser.click("#theme");
    assert_eq!(value(&browser, "document.documentElement.dataset.theme"), "dark");
    focus_row(&browser, "web-1-512");
    browser.press(agent_tests::browser::key::ENTER);
    browser.wait_for(
        "the plots of the row",
        "[...document.querySelectorAll('.details path.line')].filter((line) => line.getAttribute('d') !== '').length >= 3",
    );
    browser.run(
        "document.querySelector('#containers').scrollIntoView({ block: 'start' })",
        &[],
    );
    keep("page-dark", &browser, desk);

    browser.open(&format!("http://{}/page/api.html", agent.address));
    browser.wait_for("the calls", "!document.querySelector('#operations').hidden");
    browser.run(
        "const call = [...document.querySelectorAll('.call')].find((one) => one.querySelector('code').textContent === '/status'); call.open = true",
        &[],
    );
    browser.click(".call[open] [type=submit]");
    browser.wait_for(
        "the reply",
        "document.querySelector('.call[open] .reply pre')?.textContent.includes('cpus')",
    );
    browser.run("document.querySelector('.call[open]').scrollIntoView()", &[]);
    keep("api", &browser, desk);

    browser.narrow_to(390, 844);
    browser.open(&format!("http://{}/", agent.address));
    browser.wait_for(
        "the table",
        "document.querySelector('tr.row .cpu')?.textContent.endsWith('%')",
    );
    // two pixels of the picture to each of the page
    keep("page-narrow", &browser, (780, 1688));
}
