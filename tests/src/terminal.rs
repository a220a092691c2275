//! A terminal of the test's own: tmux without anybody before it, its keys and what is on its screen.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::caretaker::Caretaker;
use crate::command::run;
use crate::wait::wait_until;

/// How long a program may take to show something, on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(20);

/// The server is no child of the test: it may have ended already, or have to be ended once the test was killed.
const END: &str = "cat > /dev/null; timeout 20 tmux -S \"$1/tmux\" kill-server 2> /dev/null; rm -rf \"$1\"";

/// A tmux server with one window; killed on drop.
#[derive(Debug)]
pub struct Terminal {
    dir: PathBuf,
    /// Taken, and with it all else, on drop.
    caretaker: Option<Caretaker>,
}

impl Terminal {
    /// Runs a command of the shell in a terminal of that size. The screen stays when it has ended.
    #[track_caller]
    pub fn start(columns: u16, rows: u16, command: &str) -> Self {
        let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
        let dir = dir.keep();
        let terminal = Self {
            caretaker: Some(Caretaker::start(END, [&dir])),
            dir,
        };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        // whatever the environment of the test is: blocks arrive, and a panic is one line
        let command = format!("export LC_ALL=C.UTF-8 RUST_BACKTRACE=0; {command}; exec sleep 600");
        let words = [
            "-f",
            "/dev/null",
            "-u",
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &rows,
            "/bin/sh",
            "-c",
            &command,
        ];
        run(&terminal.words(&words));
        terminal
    }

    /// What is on the screen, a line a row, without space at their ends.
    #[track_caller]
    pub fn screen(&self) -> Vec<String> {
        let shown = run(&self.words(&["capture-pane", "-p"]));
        shown.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// The screen with the sequences that set its colours.
    #[track_caller]
    pub fn styled_screen(&self) -> String {
        run(&self.words(&["capture-pane", "-p", "-e"]))
    }

    /// Presses keys, by tmux's names of them.
    #[track_caller]
    pub fn press(&self, keys: &[&str]) {
        let words: Vec<_> = ["send-keys"].iter().chain(keys).copied().collect();
        run(&self.words(&words));
    }

    /// Types text as it is.
    #[track_caller]
    pub fn type_text(&self, text: &str) {
        run(&self.words(&["send-keys", "-l", text]));
    }

    /// Another size.
    #[track_caller]
    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        run(&self.words(&["resize-window", "-x", &columns, "-y", &rows]));
    }

    /// A variable of tmux's formats, as `alternate_on`.
    #[track_caller]
    pub fn ask(&self, format: &str) -> String {
        run(&self.words(&["display-message", "-p", &format!("#{{{format}}}")]))
    }

    /// The screen, once it is as it is wanted.
    #[track_caller]
    pub fn wait_for(&self, what: &str, fits: impl Fn(&[String]) -> bool) -> Vec<String> {
        wait_until(what, DEADLINE, || {
            let screen = self.screen();
            if fits(&screen) {
                Ok(screen)
            } else {
                Err(format!("\n{}", screen.join("\n")))
            }
        })
    }

    /// [`Self::wait_for`] a text in one of its lines.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) -> Vec<String> {
        self.wait_for(&format!("{text:?} on the screen"), |screen| {
            screen.iter().any(|line| line.contains(text))
        })
    }

    fn words(&self, words: &[&str]) -> Vec<String> {
        let ours = ["tmux".to_owned(), "-S".to_owned(), self.socket()];
        ours.into_iter().chain(words.iter().map(ToString::to_string)).collect()
    }

    fn socket(&self) -> String {
        self.dir.join("tmux").display().to_string()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let shown = tmux(&self.words(&["capture-pane", "-p"]));
            eprintln!("the screen:\n{shown}");
        }
        drop(self.caretaker.take());
    }
}

/// What a command says, whatever becomes of it.
fn tmux(words: &[String]) -> String {
    let output = words
        .split_first()
        .map(|(program, words)| Command::new(program).args(words).output());
    let output = output.and_then(Result::ok).map(|output| output.stdout);
    String::from_utf8_lossy(&output.unwrap_or_default()).into_owned()
}
