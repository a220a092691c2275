//! The page on which the API is tried.

use agent_tests::browser::{Browser, SHOW_DEADLINE};
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::wait::wait_until;
use serde_json::Value;

use crate::look::{browser, has_no_complaints, value};
use crate::tokens::{ADMIN, TokenFiles};

/// `METHOD path` of all calls on the page.
fn calls(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('.call summary')].map((line) => \
                  `${line.querySelector('b').textContent} ${line.querySelector('code').textContent}`)";
    let calls = browser.run(script, &[]);
    let calls = calls.as_array().expect("a list").iter();
    calls.map(|call| call.as_str().expect("text").to_owned()).collect()
}

/// Opens a call, and marks it so that a selector finds it.
#[track_caller]
fn open_call(browser: &Browser, call: &str) {
    let script = "const wanted = [...document.querySelectorAll('.call')].find((one) => \
                  `${one.querySelector('b').textContent} ${one.querySelector('code').textContent}` === arguments[0]);
                  for (const one of document.querySelectorAll('.call')) { one.open = false; one.id = '' }
                  if (wanted) { wanted.open = true; wanted.id = 'tried' } return Boolean(wanted)";
    assert_eq!(browser.run(script, &[call.into()]), true, "{call} is not on the page");
}

/// Sends the call that is open and gives status and body of the reply.
#[track_caller]
fn send(browser: &Browser) -> (String, String) {
    browser.run(
        "const reply = document.querySelector('#tried .reply'); reply.hidden = true; reply.replaceChildren()",
        &[],
    );
    browser.click("#tried [type=submit]");
    browser.wait_for(
        "the end of the reply",
        "!document.querySelector('#tried .reply').hidden && !document.querySelector('#tried [type=submit]').disabled",
    );
    (browser.text("#tried .reply b"), browser.text("#tried .reply pre"))
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn every_call_is_on_the_page_of_the_api_and_can_be_tried() {
    let docker = PrivateDocker::start();
    let files = TokenFiles::new();
    let agent = files.agent(&docker, ADMIN);
    let browser = browser();
    browser.open(&format!("http://{}/page/api.html", agent.address));
    browser.wait_for(
        "the question for a token",
        "document.querySelector('#said').textContent.includes('token')",
    );
    browser.type_into("#token [name=token]", ADMIN);
    browser.click("#token [type=submit]");
    browser.wait_for("the calls", "!document.querySelector('#operations').hidden");

    let described = agent.get("/openapi.json").must_be(200).json();
    let mut wanted = Vec::new();
    for (path, methods) in described["paths"].as_object().expect("paths") {
        let methods = methods.as_object().expect("methods").keys();
        wanted.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let mut shown = calls(&browser);
    shown.sort();
    wanted.sort();
    assert_eq!(shown, wanted);

    open_call(&browser, "POST /containers");
    let body = format!("{{\"image\": \"{}\", \"service\": \"web\"}}", image::WORKLOAD);
    browser.run(
        "const field = document.querySelector('#tried [name=body]'); field.value = arguments[0]; \
         field.dispatchEvent(new Event('input', { bubbles: true }))",
        &[body.into()],
    );
    let line = browser.text("#tried .line");
    assert!(
        line.starts_with("curl -X POST -H \"Authorization: Bearer $TOKEN\"") && !line.contains(ADMIN),
        "{line}"
    );
    let (status, text) = send(&browser);
    assert_eq!(status, "201", "{text}");
    let made: Value = serde_json::from_str(&text).expect("JSON");
    let id = made["Id"].as_str().expect("an id").to_owned();

    open_call(&browser, "GET /container/{id}");
    browser.click("#tried [type=submit]");
    browser.wait_for("what is missing", "!document.querySelector('#tried .problem').hidden");
    assert_eq!(browser.text("#tried .problem"), "id must be given.");
    browser.type_into("#tried [name=id]", &id);
    let (status, text) = send(&browser);
    let told: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status.as_str(), &told["Id"]), ("200", &made["Id"]));

    // events have no end: they are shown as they come, until the reader has enough
    open_call(&browser, "GET /containers/events");
    browser.click("#tried [type=submit]");
    browser.wait_for(
        "an event",
        "document.querySelector('#tried .reply pre')?.textContent.includes('event: snapshot')",
    );
    browser.click("#tried [type=button]");
    browser.wait_for(
        "the end of it",
        "!document.querySelector('#tried [type=submit]').disabled",
    );

    open_call(&browser, "DELETE /container/{id}");
    browser.type_into("#tried [name=id]", &id);
    browser.type_into("#tried [name=timeout]", "0");
    assert_eq!(send(&browser).0, "204");
    wait_until("the container to be gone", SHOW_DEADLINE, || {
        match agent.get(&format!("/container/{id}")).status {
            404 => Ok(()),
            other => Err(format!("status {other}")),
        }
    });
    let kept = value(
        &browser,
        "document.documentElement.outerHTML + document.querySelector('#token [name=token]').value",
    );
    assert!(!kept.to_string().contains(ADMIN), "the token is kept: {kept}");
    has_no_complaints(&browser);
}
