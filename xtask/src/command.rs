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
mod tests;
