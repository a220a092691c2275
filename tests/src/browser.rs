//! A browser without a window, driven as a person drives it: Chromium through its `WebDriver` server.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::free_port;
use crate::command::find_program;
use crate::wait::wait_until;

/// A browser that starts for the first time on a loaded machine.
const START_DEADLINE: Duration = Duration::from_mins(1);
/// No command and no script takes longer, or the test fails.
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);
/// Whatever a page is to show, it shows within this.
pub const SHOW_DEADLINE: Duration = Duration::from_secs(20);
/// Under which name `WebDriver` gives elements (its recommendation, 12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys as `WebDriver` writes them in text that is typed.
pub mod key {
    /// Enter.
    pub const ENTER: &str = "\u{e007}";
    /// Arrow down.
    pub const DOWN: &str = "\u{e015}";
    /// Arrow left.
    pub const LEFT: &str = "\u{e012}";
    /// Escape.
    pub const ESCAPE: &str = "\u{e00c}";
}

/// A running browser with one page; it ends on drop, and its profile with it.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    session: String,
    client: ureq::Agent,
    profile: TempDir,
}

impl Browser {
    /// Starts a browser of this size, in pixels of the page.
    #[track_caller]
    pub fn start(width: u32, height: u32) -> Self {
        let chromium = program("chromium");
        let profile = tempfile::Builder::new().prefix("balancer-test-browser-").tempdir();
        let profile = profile.expect("the directory for temporary files is writable");
        let port = free_port();
        let driver = start_driver(port, profile.path());
        let mut browser = Self {
            driver,
            session: String::new(),
            client: client(),
            profile,
        };
        let server = format!("http://127.0.0.1:{port}");
        wait_until("chromedriver to answer", START_DEADLINE, || {
            browser.send("GET", &format!("{server}/status"), None)
        });
        let arguments = arguments(browser.profile.path(), width, height);
        let options = json!({"binary": chromium, "args": arguments});
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "timeouts": {"script": 20_000},
            "goog:loggingPrefs": {"browser": "WARNING"},
        }}});
        let made = browser.send("POST", &format!("{server}/session"), Some(&wanted));
        let made = made.unwrap_or_else(|error| panic!("no browser was started: {error}"));
        let id = made["sessionId"].as_str().expect("a session has an id");
        browser.session = format!("{server}/session/{id}");
        browser
    }

    /// Goes to a page and waits until it is loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({"url": url}));
    }

    /// Makes the page as small as that of a telephone, which no window of the browser can be.
    #[track_caller]
    pub fn narrow_to(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 2, "mobile": true});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics});
        self.command("POST", "/goog/cdp/execute", &command);
    }

    /// Looks at another tab, so that the page is hidden, and comes back.
    #[track_caller]
    pub fn look_away(&self, meanwhile: impl FnOnce()) {
        let page = self.command("GET", "/window", &Value::Null);
        let other = self.command("POST", "/window/new", &json!({"type": "tab"}));
        self.command("POST", "/window", &json!({"handle": other["handle"]}));
        meanwhile();
        self.command("DELETE", "/window", &Value::Null);
        self.command("POST", "/window", &json!({"handle": page}));
    }

    /// Runs the body of a function in the page; gives what it returns.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("POST", "/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Runs the body of a function whose last argument is to be called with its result.
    #[track_caller]
    pub fn run_async(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("POST", "/execute/async", &json!({"script": script, "args": arguments}))
    }

    /// Clicks where the element is.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Types into an element.
    #[track_caller]
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Presses a key, wherever the focus is.
    #[track_caller]
    pub fn press(&self, key: &str) {
        let strokes = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]});
        self.command("POST", "/actions", &actions);
    }

    /// The text of the first element that fits, as it is drawn.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let text = self.run(
            "return document.querySelector(arguments[0])?.innerText",
            &[selector.into()],
        );
        text.as_str()
            .unwrap_or_else(|| panic!("the page has no {selector}"))
            .trim()
            .to_owned()
    }

    /// Waits until an expression is true in the page; `what` names that for who reads of the failure.
    #[track_caller]
    pub fn wait_for(&self, what: &str, expression: &str) {
        let script = format!("return Boolean({expression})");
        wait_until(what, SHOW_DEADLINE, || {
            let seen = self.run(&script, &[]);
            if seen == true {
                Ok(())
            } else {
                Err(format!("{expression} is {seen}; the page:\n{}", self.text("body")))
            }
        });
    }

    /// What is in sight, as a PNG.
    #[track_caller]
    pub fn picture(&self) -> Vec<u8> {
        let picture = self.command("GET", "/screenshot", &Value::Null);
        let text = picture.as_str().expect("a picture is text");
        BASE64.decode(text).expect("in base64, as WebDriver has it")
    }

    /// What the page has written to the console as a warning or an error since this was last asked: breaches of its
    /// policy, exceptions, replies that are errors.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let log = self.command("POST", "/se/log", &json!({"type": "browser"}));
        let entries = log.as_array().cloned().unwrap_or_default();
        let messages = entries.iter().filter_map(|entry| entry["message"].as_str());
        messages.map(str::to_owned).collect()
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let found = self.command("POST", "/element", &json!({"using": "css selector", "value": selector}));
        found[ELEMENT].as_str().expect("an element has an id").to_owned()
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.send(
            method,
            &format!("{}{path}", self.session),
            (!body.is_null()).then_some(body),
        )
        .unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    fn send(&self, method: &str, url: &str, body: Option<&Value>) -> Result<Value, String> {
        let request = ureq::http::Request::builder().method(method).uri(url);
        let request = request
            .header("content-type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default());
        let request = request.map_err(|error| error.to_string())?;
        let mut reply = self.client.run(request).map_err(|error| error.to_string())?;
        let text = reply.body_mut().read_to_string().map_err(|error| error.to_string())?;
        let reply_body: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        let value = reply_body["value"].clone();
        if reply.status().is_success() {
            Ok(value)
        } else {
            Err(format!("{}: {}", value["error"], value["message"]))
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // the browser ends in order and leaves its profile; where it cannot, the end of its driver is its own
        if !self.session.is_empty()
            && let Err(error) = self.send("DELETE", &self.session, None)
        {
            eprintln!("the browser was not ended by its driver: {error}");
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

#[track_caller]
fn program(name: &str) -> String {
    let found = find_program(name).unwrap_or_else(|| panic!("not installed: {name} (`cargo xtask test` installs it)"));
    found.display().to_string()
}

#[track_caller]
fn start_driver(port: u16, home: &Path) -> Child {
    // a test that is killed has no time to end it
    Command::new("setpriv")
        .args([
            "--pdeathsig",
            "KILL",
            &program("chromedriver"),
            &format!("--port={port}"),
        ])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        // what a browser likes to write beside its profile goes with it, too
        .env("HOME", home)
        .env("TMPDIR", home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("chromedriver can be started")
}

fn arguments(profile: &Path, width: u32, height: u32) -> Vec<String> {
    let fixed = [
        "--headless=new",
        // it runs as root, and opens no page but the test's own
        "--no-sandbox",
        // ends with its driver, whose pipe it is
        "--remote-debugging-pipe",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
    ];
    let mut all: Vec<String> = fixed.map(str::to_owned).into();
    all.push(format!("--user-data-dir={}", profile.join("profile").display()));
    all.push(format!("--window-size={width},{height}"));
    all
}

fn client() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(COMMAND_DEADLINE));
    config.build().into()
}
