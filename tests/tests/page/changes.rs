//! Creating and deleting.

use agent_tests::agent::AgentCommand;
use agent_tests::browser::{Browser, key};
use agent_tests::docker::{PrivateDocker, image};

use crate::look::{browser, focus_row, has_no_complaints, names, shows, value};

#[track_caller]
fn create(browser: &Browser, image: &str, service: &str) {
    browser.click("#create");
    browser.type_into("#create-dialog [name=image]", image);
    browser.type_into("#create-dialog [name=service]", service);
    browser.click("#create-dialog [type=submit]");
}

/// Waits for the sentence: the row of a container goes with its last event, which comes before the answer to who asked.
#[track_caller]
fn says(browser: &Browser, sentence: &str) {
    let said = format!("document.querySelector('#said').textContent === {sentence:?}");
    browser.wait_for(&format!("\u{201c}{sentence}\u{201d}"), &said);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_container_is_created_and_deleted_from_the_page() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let browser = browser();
    browser.open(&format!("http://{}/", agent.address));
    browser.wait_for("the empty table", "!document.querySelector('#empty').hidden");
    assert_eq!(browser.text("#empty"), "No container is running.");

    create(&browser, "Not An Image", "web");
    browser.wait_for(
        "the refusal",
        "!document.querySelector('#create-dialog .problem').hidden",
    );
    assert_eq!(
        value(
            &browser,
            "document.querySelector('#create-dialog [name=image]').ariaInvalid"
        ),
        "true"
    );
    let refusal = agent.create("image=Not+An+Image&service=web").must_be(422).error();
    assert_eq!(browser.text("#create-dialog .problem"), refusal);
    browser.click("#create-dialog .cancel");

    create(&browser, image::WORKLOAD, "web");
    browser.wait_for(
        "the end of the question",
        "!document.querySelector('#create-dialog').open",
    );
    shows(&browser, 1);
    let name = names(&browser).remove(0);
    assert!(name.starts_with("web-1-"), "{name}");
    assert_eq!(browser.text("#said"), format!("{name} was created."));

    focus_row(&browser, &name);
    browser.press(key::ENTER);
    browser.click(".details .delete");
    assert!(browser.text("#delete-dialog h2").contains(&name));
    browser.press(key::ESCAPE);
    assert_eq!(names(&browser), [name.as_str()], "not without a yes");
    browser.click(".details .delete");
    browser.click("#delete-dialog [type=submit]");
    browser.wait_for("the container to go", "document.querySelector('tr.row') === null");
    says(&browser, &format!("{name} was deleted."));
    assert_eq!(docker.cli(&["ps", "--all", "--quiet"]), "");
    has_no_complaints(&browser);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_has_been_asked_for_cannot_be_taken_back_by_closing_the_question() {
    let docker = PrivateDocker::start();
    let _stubborn = docker.run("stubborn-1-1", &[], &["serve"]);
    let _other = docker.run("other-1-1", &[], &["serve"]);
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let browser = browser();
    browser.open(&format!("http://{}/", agent.address));
    shows(&browser, 2);
    // what is stopped does not see that it should end
    docker.cli(&["kill", "--signal", "STOP", "stubborn-1-1"]);
    focus_row(&browser, "stubborn-1-1");
    browser.press(key::ENTER);
    browser.click(".details .delete");
    browser.click("#delete-dialog [type=submit]");
    browser.wait_for(
        "the question to wait",
        "document.querySelector('#delete-dialog .cancel').disabled",
    );
    browser.press(key::ESCAPE);
    assert_eq!(value(&browser, "document.querySelector('#delete-dialog').open"), true);
    docker.cli(&["kill", "--signal", "CONT", "stubborn-1-1"]);
    browser.wait_for("one container less", "document.querySelectorAll('tr.row').length === 1");
    assert_eq!(names(&browser), ["other-1-1"]);
    says(&browser, "stubborn-1-1 was deleted.");
    has_no_complaints(&browser);
}
