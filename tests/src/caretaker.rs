//! What a test leaves goes with it, however that ends: well, by a panic, by Ctrl-C or killed.

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};

/// A process that cleans up once nobody holds it any more; dropping it waits until it has.
#[derive(Debug)]
pub(crate) struct Caretaker(Child);

impl Caretaker {
    /// The script is to wait for the end of its input, and to bound its own time from then on.
    #[track_caller]
    pub(crate) fn start<S: AsRef<OsStr>>(script: &str, words: impl IntoIterator<Item = S>) -> Self {
        // in a session of its own: Ctrl-C is meant for the test
        let mut command = Command::new("setsid");
        command.args(["sh", "-c", script, "caretaker"]).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().expect("setsid and sh are there"))
    }
}

impl Drop for Caretaker {
    fn drop(&mut self) {
        // the end of its input is its sign
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            eprintln!("a caretaker was lost: {error}");
        }
    }
}
