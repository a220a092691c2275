//! The one way in which xtask starts another program: printed before it runs, named in its error.

mod machine;
mod signals;

use std::{
    convert::Infallible,
    env,
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{self, Child, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

pub(crate) use machine::{find, is_root, workspace};
pub(crate) use signals::leave_signals;
use signals::{Running, programs};

/// A program to run, with what it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    program: OsString,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    unset: Vec<OsString>,
}

impl Command {
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            unset: Vec::new(),
        }
    }

    /// The cargo that runs this xtask, so that nested builds share its compiler and its target directory.
    ///
    /// It sees what it would from a shell. With what cargo tells xtask of xtask's package in the environment, it would find
    /// that for crates whose build scripts ask for such variables (ring) something has changed, and build the agent anew.
    pub(crate) fn cargo() -> Self {
        let names = env::vars_os().map(|(name, _)| name);
        let of_a_package = |name: &OsString| {
            let name = name.to_string_lossy();
            ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|of| name.starts_with(of))
        };
        Self {
            unset: names.filter(of_a_package).collect(),
            ..Self::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        }
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.envs.push((name.into(), value.into()));
        self
    }

    /// The same command with the rights of root: itself for root, through `sudo` for everyone else. Its variables go
    /// through `env`, because sudo clears the environment.
    pub(crate) fn with_root(self) -> Self {
        if is_root() {
            return self;
        }
        let variables = self.envs.into_iter().map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            name
        });
        Self::new("sudo")
            .arg("env")
            .args(variables)
            .arg(self.program)
            .args(self.args)
    }

    /// The same command, ended with an exit code of 124 where it takes longer.
    pub(crate) fn within(self, deadline: Duration) -> Self {
        Self {
            program: "timeout".into(),
            args: [deadline.as_secs().to_string().into(), self.program]
                .into_iter()
                .chain(self.args)
                .collect(),
            envs: self.envs,
            unset: self.unset,
        }
    }

    /// The same command, sent SIGTERM when the thread that has started it ends, in whatever way: also where nobody is left
    /// to end it.
    pub(crate) fn ended_with_its_starter(self) -> Self {
        Self {
            program: "setpriv".into(),
            args: ["--pdeathsig".into(), "TERM".into(), self.program]
                .into_iter()
                .chain(self.args)
                .collect(),
            ..self
        }
    }

    /// Runs it on this terminal; any exit code but 0 is an error.
    pub(crate) fn run(&self) -> Result<()> {
        let status = self.start(Stdio::inherit())?.wait();
        self.succeeded(status.with_context(|| format!("waiting for `{self}`"))?)
    }

    /// Runs it and hands over its standard output line by line as it comes; the exit status is the caller's to judge.
    pub(crate) fn lines(&self, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
        let mut child = self.start(Stdio::piped())?;
        if let Some(output) = child.take_stdout() {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            while output
                .read_until(b'\n', &mut line)
                .with_context(|| format!("reading from `{self}`"))?
                > 0
            {
                each(String::from_utf8_lossy(&line).trim_end_matches('\n'));
                line.clear();
            }
        }
        child.wait().with_context(|| format!("waiting for `{self}`"))
    }

    /// On this terminal but for its standard output; SIGTERM and SIGHUP to xtask reach it.
    fn start(&self, stdout: Stdio) -> Result<Running<'static>> {
        let is_cargo = self.program == Self::cargo().program;
        programs()
            .start(is_cargo, || self.printed().stdout(stdout).spawn())
            .with_context(|| format!("starting `{self}`"))
    }

    /// Becomes the program, so that signals and the exit code are its own. Returns only where that fails.
    pub(crate) fn exec(&self) -> Result<Infallible> {
        Err(self.printed().exec()).with_context(|| format!("starting `{self}`"))
    }

    /// Runs it out of reach of the terminal's Ctrl-C and gives what it prints on standard output; the error of one that
    /// fails holds what it said on standard error. Not printed: a clean-up that could not print must not stop.
    pub(crate) fn output(&self) -> Result<String> {
        let output = self
            .process()
            .process_group(0)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("starting `{self}`"))?;
        self.succeeded(output.status)
            .with_context(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs it and gives what it prints on standard output, which is no text. Not printed: it changes nothing.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let output = self
            .process()
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("starting `{self}`"))?;
        self.succeeded(output.status)?;
        Ok(output.stdout)
    }

    /// Starts it out of reach of the terminal's Ctrl-C; all that it says goes to `log`. The caller ends it.
    pub(crate) fn spawn(&self, log: File) -> Result<Child> {
        let out = log.try_clone().context("sharing a log file")?;
        self.printed()
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting `{self}`"))
    }

    /// What a read-only question prints on standard output; `None` where it fails. Not printed: it changes nothing.
    pub(crate) fn ask(&self) -> Option<String> {
        let output = self
            .process()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// An error that names the command, unless it ended well.
    pub(crate) fn succeeded(&self, status: ExitStatus) -> Result<()> {
        ensure!(status.success(), "`{self}` failed: {status}");
        Ok(())
    }

    fn printed(&self) -> process::Command {
        eprintln!("+ {self}");
        self.process()
    }

    fn process(&self) -> process::Command {
        let mut command = process::Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.envs.iter().map(|(name, value)| (name, value)));
        for name in &self.unset {
            command.env_remove(name);
        }
        command
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.envs {
            write!(f, "{}={} ", name.to_string_lossy(), quoted(value))?;
        }
        // A path to cargo or to a test says nothing that its last part does not.
        let program = Path::new(&self.program);
        write!(f, "{}", quoted(program.file_name().unwrap_or(&self.program)))?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;

    #[test]
    fn cargo_is_not_told_of_the_package_that_asks_it() {
        let told = |command: &Command| {
            command
                .process()
                .get_envs()
                .any(|(name, value)| name == "CARGO_MANIFEST_DIR" && value.is_none())
        };
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert!(told(&Command::cargo()));
        assert!(told(&Command::cargo().within(Duration::from_secs(1))));
        assert!(!told(&Command::new("cargo")));
    }

    #[test]
    fn a_command_is_printed_as_a_shell_would_take_it() {
        let command = Command::new("/usr/bin/tar").env("A", "b c").args(["-x", "it's", ""]);
        assert_eq!(command.to_string(), r"A='b c' tar -x 'it'\''s' ''");
    }

    #[test]
    fn an_error_names_the_command_that_failed() {
        let error = Command::new("false").arg("--now").run().unwrap_err();
        assert!(
            error.to_string().starts_with("`false --now` failed: exit status: 1"),
            "{error}"
        );
        let error = Command::new("no-such-program").run().unwrap_err();
        assert_eq!(error.to_string(), "starting `no-such-program`");
    }

    #[test]
    fn lines_come_one_by_one_with_the_exit_status() {
        let mut seen = Vec::new();
        let command = Command::new("sh").args(["-c", "echo one; echo two; exit 3"]);
        let status = command.lines(|line| seen.push(line.to_owned())).unwrap();
        assert_eq!(
            (seen, status.code()),
            (vec!["one".to_owned(), "two".to_owned()], Some(3))
        );
    }

    #[test]
    fn output_is_what_was_printed_and_an_error_what_was_said() {
        let command = |script: &str| Command::new("sh").args(["-c", script]);
        assert_eq!(command("echo yes; echo no >&2").output().unwrap(), "yes\n");
        let error = command("echo yes; echo no >&2; exit 2").output().unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "no: `sh -c 'echo yes; echo no >&2; exit 2'` failed: exit status: 2"
        );
    }

    #[test]
    fn a_deadline_is_part_of_the_command() {
        let command = Command::new("tar")
            .arg("-x")
            .env("A", "b")
            .within(Duration::from_mins(1));
        assert_eq!(command.to_string(), "A=b timeout 60 tar -x");
    }

    #[test]
    fn what_is_to_end_with_its_starter_does() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        // the deadline as it is for a guest: what it watches must end, too
        let command = Command::new("sh")
            .args(["-c", "trap 'echo ended; exit' TERM; echo started; sleep 60 & wait"])
            .within(Duration::from_mins(1))
            .ended_with_its_starter();
        let said = |word: &str| {
            (0..400).any(|_| {
                thread::sleep(Duration::from_millis(25));
                fs::read_to_string(&log).unwrap().contains(word)
            })
        };
        let starter = || {
            let child = command.spawn(File::create(&log).unwrap()).unwrap();
            assert!(said("started"));
            child
        };
        let mut child = thread::scope(|scope| scope.spawn(starter).join()).unwrap();
        assert!(said("ended"));
        child.wait().unwrap();
    }

    #[test]
    fn a_question_that_fails_has_no_answer() {
        assert_eq!(Command::new("echo").arg("yes").ask().as_deref(), Some("yes\n"));
        assert_eq!(Command::new("false").ask(), None);
        assert_eq!(Command::new("no-such-program").ask(), None);
    }
}
