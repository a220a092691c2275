//! Callers as they are: curl, with what it takes to show a credential.

use agent_tests::command::attempt;

/// A way to ask.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    before: Vec<String>,
    base: String,
    options: Vec<String>,
}

impl Caller {
    /// Over TCP, showing nothing.
    pub(crate) fn new(base: &str) -> Self {
        Self {
            before: Vec::new(),
            base: base.to_owned(),
            options: Vec::new(),
        }
    }

    /// Showing a token.
    pub(crate) fn token(&self, token: &str) -> Self {
        self.options(&["--header", &format!("Authorization: Bearer {token}")])
    }

    /// With more of curl's options.
    pub(crate) fn options(&self, options: &[&str]) -> Self {
        let mut with = self.clone();
        with.options.extend(options.iter().map(ToString::to_string));
        with
    }

    /// As another user of this machine.
    pub(crate) fn as_user(&self, uid: u32) -> Self {
        let mut with = self.clone();
        let id = uid.to_string();
        with.before = ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"]
            .map(str::to_owned)
            .to_vec();
        with
    }

    /// Status code and body; 0 where no reply came.
    pub(crate) fn ask(&self, method: &str, path: &str, options: &[&str]) -> (u16, String) {
        let url = format!("{}{path}", self.base);
        let fixed = [
            "curl",
            "--silent",
            "--max-time",
            "20",
            "--write-out",
            "\n%{http_code}",
            "--request",
            method,
        ];
        let words: Vec<&str> = (self.before.iter().map(String::as_str))
            .chain(fixed)
            .chain(self.options.iter().map(String::as_str))
            .chain(options.iter().copied())
            .chain([url.as_str()])
            .collect();
        let done = attempt(&words);
        let (body, code) = done.stdout.rsplit_once('\n').unwrap_or(("", done.stdout.as_str()));
        (code.parse().unwrap_or(0), body.to_owned())
    }

    /// The status code alone.
    pub(crate) fn code(&self, method: &str, path: &str) -> u16 {
        self.ask(method, path, &[]).0
    }
}
