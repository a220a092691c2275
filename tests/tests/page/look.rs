//! What a reader sees of the table.

use agent_tests::agent::Agent;
use agent_tests::browser::{Browser, SHOW_DEADLINE};
use agent_tests::wait::wait_until;
use serde_json::Value;

/// A window of a desk.
pub(crate) fn browser() -> Browser {
    Browser::start(1440, 900)
}

/// Opens the page of an agent and waits until it shows figures of this many containers.
#[track_caller]
pub(crate) fn open(browser: &Browser, address: &str, containers: usize) {
    browser.open(&format!("http://{address}/"));
    shows(browser, containers);
}

/// Waits until this many rows are there and each has a figure.
#[track_caller]
pub(crate) fn shows(browser: &Browser, containers: usize) {
    browser.wait_for(
        "the containers and their figures",
        &format!(
            "document.querySelectorAll('tr.row').length === {containers} && \
             [...document.querySelectorAll('tr.row .cpu')].every((cell) => cell.textContent.endsWith('%'))"
        ),
    );
}

/// Names in the order of the table.
#[track_caller]
pub(crate) fn names(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('tr.row .open')].map((button) => button.textContent)";
    let names = browser.run(script, &[]);
    let names = names.as_array().expect("a list of names").iter();
    names
        .map(|name| name.as_str().expect("a name is text").to_owned())
        .collect()
}

/// Waits until what the page shows is, to the last digit, what the agent tells. The page's own module writes the agent's
/// figures for the comparison; whether it writes them well is a matter of its own tests.
#[track_caller]
pub(crate) fn shows_what_the_agent_tells(browser: &Browser, agent: &Agent) {
    const COMPARE: &str = r"
        const [status, done] = arguments;
        import('/page/format.js').then(({ bytes, percent, rate }) => {
            const told = status.containers.map(({ name, service, image, cpu, memory, net }) =>
                [name, service, image, percent(cpu), bytes(memory), rate(net?.rx), rate(net?.tx)]);
            const text = (row, selector) => row.querySelector(selector).textContent;
            const shown = [...document.querySelectorAll('tr.row')].map((row) =>
                ['.open', '.service', '.image', '.cpu', '.memory', '.rx', '.tx'].map((part) => text(row, part)));
            const { run, seq } = document.querySelector('main').dataset;
            done({ isOfOneTime: run === status.run && seq === String(status.seq), told: told.sort(), shown: shown.sort() });
        });";
    wait_until("the page to show what the agent tells", SHOW_DEADLINE, || {
        let told = agent.get("/containers/status").must_be(200).json();
        let compared = browser.run_async(COMPARE, &[told]);
        if compared["isOfOneTime"] != true {
            return Err("a state of another time".to_owned());
        }
        assert_eq!(compared["shown"], compared["told"]);
        Ok(())
    });
}

/// The first row with this name gets the focus, as the Tab key gives it.
#[track_caller]
pub(crate) fn focus_row(browser: &Browser, name: &str) {
    let script = "const row = [...document.querySelectorAll('tr.row .open')].find((button) => button.textContent === arguments[0]);
                  row?.focus(); return Boolean(row)";
    assert_eq!(browser.run(script, &[name.into()]), true, "no row of {name}");
}

/// Fails if the browser had anything to complain of but replies that were errors, which it notes too.
#[track_caller]
pub(crate) fn has_no_complaints(browser: &Browser) {
    let complaints = browser.complaints();
    let of_the_page: Vec<_> = complaints
        .iter()
        .filter(|complaint| !complaint.contains("Failed to load resource"))
        .collect();
    assert_eq!(of_the_page, Vec::<&String>::new());
}

/// What an expression is in the page.
#[track_caller]
pub(crate) fn value(browser: &Browser, expression: &str) -> Value {
    browser.run(&format!("return {expression}"), &[])
}
