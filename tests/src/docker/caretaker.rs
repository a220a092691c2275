//! What is left of a private engine goes with the test, however that ends: well, by a panic, by Ctrl-C or killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A process that cleans up once nobody holds it any more; dropping it waits until it has.
#[derive(Debug)]
pub(super) struct Caretaker(Child);

impl Caretaker {
    /// To be there before anything of the namespace or the directory is.
    #[track_caller]
    pub(super) fn start(namespace: &str, dir: &Path) -> Self {
        // in a session of its own: Ctrl-C is meant for the test
        let mut command = Command::new("setsid");
        command
            .args(["sh", "-c", include_str!("caretaker.sh"), "caretaker", namespace])
            .arg(dir);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().expect("setsid and sh are there"))
    }
}

impl Drop for Caretaker {
    fn drop(&mut self) {
        // the end of its input is its sign; it bounds its own time
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            eprintln!("the caretaker of a private engine was lost: {error}");
        }
    }
}
