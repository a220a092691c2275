//! From facts to steps: a pure function, so that machines which are not here can be tried too.

use std::{fmt, path::PathBuf};

use anyhow::{Result, bail};

use super::{
    facts::{Apt, Compiler, Facts},
    tools::{
        CLIPPY_PACKAGE, COMPILER_PACKAGES, CXX, DEB_VERSION, DENY_VERSION, DOWNLOAD_PACKAGES, ENGINE, GUEST,
        LINKER_VERSION, LLVM, LLVM_PACKAGE, STATIC_LIBC_PACKAGE, Tool,
    },
};

/// What the machine is to be made ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compiling the agent with its kernel programs.
    Build,
    /// That, and the tests against a real Docker engine.
    Test,
    /// That of `Test`, and guests with kernels of their own.
    Vm,
    /// That of `Test`, and what loads the agent and measures it.
    Bench,
    /// That of `Build`, and lints.
    Check,
    /// That of `Build`, and the Docker command; with `engine` also what starts a private engine.
    Demo { engine: bool },
    /// That of `Build`, and what makes a Debian package.
    Package,
    /// That of `Build`, and what tries parsers with made-up text.
    Fuzz,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    AptRefresh,
    AptInstall(Vec<&'static str>),
    LinkToolchain,
    InstallNightly(String),
    AddClippy(String),
    BuildLinker(PathBuf),
    DownloadLinker,
    InstallDeny,
    InstallDeb,
}

impl Step {
    /// Whether it can be done beside the steps before it: it needs no package that they install.
    pub(crate) fn takes_only_crates(&self) -> bool {
        matches!(self, Self::InstallDeny | Self::InstallDeb)
    }
}

/// The steps from `facts` to `need`; none where all is there. Where apt may be of use and its lists were not fetched
/// yet, fetching them is the only step: the caller looks again after it.
///
/// # Errors
/// One line for each thing that is missing and cannot be had here, with what to do about it.
pub(crate) fn plan(need: Need, facts: &Facts) -> Result<Vec<Step>> {
    let mut plan = Plan {
        facts,
        packages: Vec::new(),
        steps: Vec::new(),
        missing: Vec::new(),
    };
    plan.compiler();
    plan.linker();
    // that one builds nothing that is shipped
    if need != Need::Fuzz {
        plan.static_libc();
    }
    match need {
        Need::Build => {}
        Need::Test => {
            plan.tools(|tool| ![GUEST, CXX].contains(&tool.program));
            plan.busybox();
        }
        Need::Vm => {
            plan.tools(|tool| tool.program != CXX);
            plan.busybox();
        }
        Need::Bench => {
            plan.tools(|tool| ![GUEST, CXX].contains(&tool.program));
            plan.bench_tools();
        }
        Need::Check => plan.lints(),
        Need::Demo { engine } => {
            plan.tools(|tool| tool.program == "docker" || engine && ENGINE.contains(&tool.program));
        }
        Need::Package => plan.steps.extend((!facts.deb).then_some(Step::InstallDeb)),
        Need::Fuzz => plan.tools(|tool| tool.program == CXX),
    }
    let idle = plan.packages.is_empty() && plan.steps.is_empty() && plan.missing.is_empty();
    if !idle && facts.apt.as_ref().is_some_and(|apt| !apt.fresh) {
        return Ok(vec![Step::AptRefresh]);
    }
    if !plan.missing.is_empty() {
        bail!(
            "this machine cannot be made ready for {need}:\n  - {}",
            plan.missing.join("\n  - ")
        );
    }
    plan.packages.sort_unstable();
    plan.packages.dedup();
    if !plan.packages.is_empty() {
        plan.steps.insert(0, Step::AptInstall(plan.packages));
    }
    Ok(plan.steps)
}

struct Plan<'a> {
    facts: &'a Facts,
    packages: Vec<&'static str>,
    steps: Vec<Step>,
    missing: Vec<String>,
}

impl Plan<'_> {
    fn compiler(&mut self) {
        let facts = self.facts;
        match facts.compiler {
            Compiler::Ready { .. } => {}
            Compiler::Unlinked => self.steps.push(Step::LinkToolchain),
            Compiler::Absent if facts.apt.as_ref().is_some_and(|apt| apt.compiler_fits) => {
                self.packages.extend(COMPILER_PACKAGES);
                if facts.rustup {
                    self.steps.push(Step::LinkToolchain);
                }
            }
            Compiler::Absent if facts.rustup => self.steps.push(Step::InstallNightly(facts.nightly.clone())),
            Compiler::Absent => self.missing.push(format!(
                "a Rust compiler for the BPF target: install the packages {} as root, or rustup and then `rustup \
                 toolchain install {} --component rust-src`",
                COMPILER_PACKAGES.join(" "),
                facts.nightly,
            )),
        }
    }

    fn linker(&mut self) {
        let facts = self.facts;
        if facts.linker {
            return;
        }
        if let Some(prefix) = &facts.llvm {
            self.steps.push(Step::BuildLinker(prefix.clone()));
        } else if self.packages.contains(&LLVM_PACKAGE) || self.apt_knows(&[LLVM_PACKAGE]) {
            self.packages.push(LLVM_PACKAGE);
            self.steps
                .push(Step::BuildLinker(format!("/usr/lib/llvm-{LLVM}").into()));
        } else if facts.downloader {
            self.steps.push(Step::DownloadLinker);
        } else if self.apt_knows(&DOWNLOAD_PACKAGES) {
            self.packages.extend(DOWNLOAD_PACKAGES);
            self.steps.push(Step::DownloadLinker);
        } else {
            self.missing.push(format!(
                "bpf-linker {LINKER_VERSION}: install the package {LLVM_PACKAGE}, or curl, tar and zstd, and run this \
                 again; or put a release of github.com/aya-rs/bpf-linker into PATH",
            ));
        }
    }

    /// Without it, the linker says that it cannot find `-lc`, after minutes.
    fn static_libc(&mut self) {
        if self.facts.static_libc {
            return;
        }
        if self.apt_knows(&[STATIC_LIBC_PACKAGE]) {
            self.packages.push(STATIC_LIBC_PACKAGE);
        } else {
            self.missing.push(format!(
                "the C library for static programs (libc.a): install the package {STATIC_LIBC_PACKAGE} (Debian) or \
                 glibc-static (Fedora, RHEL) as root"
            ));
        }
    }

    fn tools(&mut self, wanted: impl Fn(&Tool) -> bool) {
        for tool in self.facts.missing_tools.iter().filter(|tool| wanted(tool)) {
            let package = tool.packages.iter().find(|package| self.apt_knows(&[package]));
            match package {
                Some(package) => self.packages.push(package),
                None => self.missing.push(format!(
                    "the program `{}`: install it as root (in Debian it is in {})",
                    tool.program,
                    tool.packages.join(" or "),
                )),
            }
        }
    }

    /// It is never installed: its package and that of the busybox which is linked to the C library exclude each other.
    fn busybox(&mut self) {
        if !self.facts.static_busybox {
            self.missing.push(
                "the program `busybox`, statically linked: install it as root (in Debian it is in busybox-static)"
                    .to_owned(),
            );
        }
    }

    /// Once the lists are fetched: until then apt may not know what it could have.
    fn bench_tools(&mut self) {
        let stale = self.facts.apt.as_ref().is_some_and(|apt| !apt.fresh);
        for tool in &self.facts.missing_bench_tools {
            let known = tool
                .packages
                .iter()
                .copied()
                .find(|package| stale || self.apt_knows(&[package]));
            self.packages.extend(known);
        }
    }

    fn lints(&mut self) {
        let facts = self.facts;
        match facts.compiler {
            Compiler::Ready { clippy: true, .. } => {}
            // The nightly is installed with it.
            Compiler::Absent if !self.packages.contains(&COMPILER_PACKAGES[0]) => {}
            Compiler::Ready { packaged: false, .. } => self.steps.push(Step::AddClippy(facts.nightly.clone())),
            _ if self.apt_knows(&[CLIPPY_PACKAGE]) => self.packages.push(CLIPPY_PACKAGE),
            _ => self.missing.push(format!(
                "clippy of the packaged compiler: install the package {CLIPPY_PACKAGE} as root"
            )),
        }
        if !facts.deny {
            self.steps.push(Step::InstallDeny);
        }
    }

    fn apt_knows(&self, packages: &[&str]) -> bool {
        let knows = |apt: &Apt| packages.iter().all(|package| apt.knows.contains(package));
        self.facts.apt.as_ref().is_some_and(knows)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Build => "building the agent",
            Self::Test => "the tests",
            Self::Vm => "guests with other kernels",
            Self::Bench => "the benchmarks",
            Self::Check => "the checks",
            Self::Demo { .. } => "containers of the agent",
            Self::Package => "packages",
            Self::Fuzz => "made-up text",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = if crate::command::is_root() {
            ""
        } else {
            " (as root, through sudo)"
        };
        match self {
            Self::AptRefresh => write!(
                f,
                "fetch apt's package lists{root}, to see what it has of what is missing here"
            ),
            Self::AptInstall(packages) => {
                write!(f, "install with apt{root}: {}", packages.join(" "))
            }
            Self::LinkToolchain => f.write_str("tell rustup of the packaged compiler in /usr, as balancer-bpf"),
            Self::InstallNightly(name) => {
                write!(f, "have rustup download {name} with rust-src and clippy")
            }
            Self::AddClippy(name) => write!(f, "have rustup download clippy for {name}"),
            Self::BuildLinker(prefix) => {
                write!(
                    f,
                    "build bpf-linker {LINKER_VERSION} against {} (about a minute)",
                    prefix.display()
                )
            }
            Self::DownloadLinker => write!(f, "download bpf-linker {LINKER_VERSION}, as its project released it"),
            Self::InstallDeny => write!(f, "build cargo-deny {DENY_VERSION} (some minutes)"),
            Self::InstallDeb => write!(f, "build cargo-deb {DEB_VERSION} (some minutes)"),
        }
    }
}

#[cfg(test)]
mod tests;
