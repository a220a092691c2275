//! Who sees figures, and who changes something.

use std::fs;

use agent_tests::agent::{Agent, AgentCommand};
use agent_tests::browser::Browser;
use agent_tests::docker::{PrivateDocker, image};
use tempfile::TempDir;

use crate::look::{browser, has_no_complaints, shows, value};

pub(crate) const READ: &str = "read-0123456789abcdef0123456789abcdef";
pub(crate) const ADMIN: &str = "admin-0123456789abcdef0123456789abcde";

/// Files with [`READ`] and [`ADMIN`].
pub(crate) struct TokenFiles {
    dir: TempDir,
}

impl TokenFiles {
    #[track_caller]
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
        for (name, token) in [("read", READ), ("admin", ADMIN)] {
            fs::write(dir.path().join(name), token).expect("the directory is ours");
        }
        Self { dir }
    }

    /// An agent that asks for these tokens; the test itself shows it `token`.
    #[track_caller]
    pub(crate) fn agent(&self, docker: &PrivateDocker, token: &str) -> Agent {
        let [read, admin] = ["read", "admin"].map(|name| self.dir.path().join(name).display().to_string());
        AgentCommand::for_docker(&docker.url())
            .args(&["--read-token-file", &read, "--admin-token-file", &admin])
            .token(token)
            .start()
    }
}

#[track_caller]
fn give(browser: &Browser, token: &str) {
    browser.wait_for(
        "the question for a token",
        "document.querySelector('#token-dialog').open",
    );
    browser.type_into("#token-dialog [name=token]", token);
    browser.click("#token-dialog [type=submit]");
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn figures_and_changes_take_the_token_that_they_need() {
    let docker = PrivateDocker::start();
    let _container = docker.run("web-1-1", &[], &["serve"]);
    let files = TokenFiles::new();
    let agent = files.agent(&docker, READ);
    let browser = browser();
    browser.open(&format!("http://{}/", agent.address));
    browser.wait_for(
        "the question for a token",
        "document.querySelector('#token-dialog').open",
    );
    assert_eq!(value(&browser, "document.querySelector('main').hidden"), true);
    assert_eq!(value(&browser, "document.querySelectorAll('tr.row').length"), 0);

    give(&browser, "wrong-0123456789abcdef0123456789abcd");
    browser.wait_for(
        "the refusal of a wrong one",
        "document.querySelector('#token-dialog .problem').innerText.includes('does not take this token')",
    );
    give(&browser, READ);
    shows(&browser, 1);

    browser.click("#create");
    browser.type_into("#create-dialog [name=image]", image::WORKLOAD);
    browser.type_into("#create-dialog [name=service]", "web");
    browser.click("#create-dialog [type=submit]");
    browser.wait_for(
        "the refusal",
        "!document.querySelector('#create-dialog .problem').hidden",
    );
    let refusal = agent
        .create(&format!("image={}&service=web", image::WORKLOAD))
        .must_be(403)
        .error();
    assert_eq!(browser.text("#create-dialog .problem"), refusal);

    let kept = "JSON.stringify([location.href, document.cookie, {...localStorage}, {...sessionStorage}, history.state, \
                document.documentElement.outerHTML, [...document.querySelectorAll('input')].map((input) => input.value)])";
    let kept = value(&browser, kept).to_string();
    for token in [READ, "wrong-0123456789abcdef0123456789abcd"] {
        assert!(!kept.contains(token), "a token is kept: {kept}");
    }
    has_no_complaints(&browser);
    // gone with the page
    browser.open(&format!("http://{}/", agent.address));
    give(&browser, ADMIN);
    shows(&browser, 1);
}
