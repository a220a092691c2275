//! What is on this machine. Only looks, decides nothing, changes nothing.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::Result;

use super::{
    toolchain::{Toolchain, pinned_nightly},
    tools::{BENCH_TOOLS, COMPILER_PACKAGES, DEB_VERSION, LINKER_VERSION, LLVM, TOOLS, Tool},
};
use crate::{
    command::{Command, find, is_root},
    tools,
};

/// A compiler for BPF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// `agent/build.rs` will find it; `clippy` says whether it can lint too.
    Ready {
        clippy: bool,
        packaged: bool,
    },
    /// The distribution's packages are installed, rustup does not know them.
    Unlinked,
    Absent,
}

/// What apt could do here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Apt {
    /// Whether the package lists were fetched in this run.
    pub(crate) fresh: bool,
    /// Packages that it knows, of those that the plan may want.
    pub(crate) knows: BTreeSet<&'static str>,
    /// Whether the packaged compiler would install without removing anything that is here.
    pub(crate) compiler_fits: bool,
}

/// All that the plan decides by.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts are independent answers of yes or no"
)]
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) compiler: Compiler,
    pub(crate) nightly: String,
    pub(crate) rustup: bool,
    pub(crate) linker: bool,
    /// Prefix of an LLVM that the linker can be built against.
    pub(crate) llvm: Option<PathBuf>,
    /// Programs that fetch and unpack a released linker.
    pub(crate) downloader: bool,
    pub(crate) deny: bool,
    /// One that is not older than the pinned one: older ones leave out of the package what makes the agent's user.
    pub(crate) deb: bool,
    /// Whether the C compiler finds the static C library; true where there is none to ask.
    pub(crate) static_libc: bool,
    /// A busybox that is linked statically: installed, or to be unpacked for the tests.
    pub(crate) static_busybox: bool,
    pub(crate) missing_tools: Vec<&'static Tool>,
    pub(crate) missing_bench_tools: Vec<&'static Tool>,
    /// `None` where there is no apt-get, or no way to the rights it needs.
    pub(crate) apt: Option<Apt>,
}

impl Facts {
    pub(crate) fn with_fresh_lists(mut self) -> Self {
        if let Some(apt) = &mut self.apt {
            apt.fresh = true;
        }
        self
    }
}

pub(crate) fn probe() -> Result<Facts> {
    let compiler = compiler()?;
    let linker = linker();
    let is_missing = |tool: &&Tool| find(tool.program).is_none();
    let missing = |tools: &'static [Tool]| tools.iter().filter(is_missing).collect::<Vec<_>>();
    let (missing_tools, missing_bench_tools) = (missing(&TOOLS), missing(&BENCH_TOOLS));
    let of_cargo = |tool: &str| Command::cargo().args([tool, "--version"]).ask();
    let deny = of_cargo("deny").is_some();
    let deb = is_at_least(of_cargo("deb").as_deref(), DEB_VERSION);
    let found = Command::new("cc").arg("-print-file-name=libc.a").ask();
    let static_libc = found.is_none_or(|place| is_found(&place));
    // Asking apt takes a second and more: only where there may be something to ask for.
    let no_tool_missing = missing_tools.is_empty() && missing_bench_tools.is_empty();
    let complete =
        linker && deny && static_libc && no_tool_missing && matches!(compiler, Compiler::Ready { clippy: true, .. });
    Ok(Facts {
        compiler,
        nightly: pinned_nightly()?,
        rustup: find("rustup").is_some(),
        linker,
        llvm: llvm(),
        downloader: ["curl", "tar", "zstd"].iter().all(|program| find(program).is_some()),
        deny,
        deb,
        static_libc,
        static_busybox: tools::can_have_busybox(),
        missing_tools,
        missing_bench_tools,
        apt: if complete { None } else { apt() },
    })
}

fn compiler() -> Result<Compiler> {
    Ok(match Toolchain::chosen()? {
        Some(chosen) => Compiler::Ready {
            clippy: chosen.has_clippy(),
            packaged: chosen.prebuilt_core,
        },
        None if find("rustup").is_some() && Toolchain::packaged() => Compiler::Unlinked,
        None => Compiler::Absent,
    })
}

/// A linker that starts (so its LLVM is there too) and is not older than the pinned one.
fn linker() -> bool {
    let answer = Command::new("bpf-linker").arg("--version").ask();
    is_at_least(answer.as_deref(), LINKER_VERSION)
}

/// Whether a program's answer to `--version`, with its name or without, tells the pinned version or a newer one.
fn is_at_least(answer: Option<&str>, pinned: &str) -> bool {
    let version = answer.and_then(|answer| answer.split_whitespace().find_map(numbers));
    version >= numbers(pinned)
}

/// `0.13.0` as numbers that compare; a suffix such as `-dev` is left out.
fn numbers(version: &str) -> Option<Vec<u32>> {
    let plain = version.split(['-', '+', ' ']).next()?;
    plain.split('.').map(|part| part.parse().ok()).collect()
}

/// Whether the C compiler names the place of a file that it was asked for: it repeats the name of one that it does not find.
fn is_found(place: &str) -> bool {
    place.contains('/')
}

fn llvm() -> Option<PathBuf> {
    let prefix = PathBuf::from(format!("/usr/lib/llvm-{LLVM}"));
    prefix.join("bin/llvm-config").is_file().then_some(prefix)
}

fn apt() -> Option<Apt> {
    find("apt-get")?;
    if !is_root() {
        find("sudo")?;
    }
    let wanted = super::tools::all_packages();
    let policy = Command::new("apt-cache")
        .arg("policy")
        .args(&wanted)
        .env("LC_ALL", "C")
        .ask()
        .unwrap_or_default();
    let known = known_packages(&policy);
    let trial = Command::new("apt-get")
        .args([
            "install",
            "--simulate",
            "--yes",
            "--no-remove",
            "--no-install-recommends",
        ])
        .args(COMPILER_PACKAGES);
    Some(Apt {
        fresh: false,
        knows: wanted.into_iter().filter(|package| known.contains(package)).collect(),
        compiler_fits: trial.ask().is_some(),
    })
}

/// Names in the answer of `apt-cache policy` that have a candidate.
fn known_packages(policy: &str) -> Vec<&str> {
    let mut name = "";
    let mut known = Vec::new();
    for line in policy.lines() {
        if let Some(heading) = line.strip_suffix(':').filter(|heading| !heading.starts_with(' ')) {
            name = heading;
        } else if line
            .strip_prefix("  Candidate: ")
            .is_some_and(|version| version != "(none)")
        {
            known.push(name);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_known_when_it_has_a_candidate() {
        let policy = "docker.io:\n  Installed: (none)\n  Candidate: 20.10.24\n  Version table:\n     20.10.24 500\n\
                      rustc-web:\n  Installed: 1.96.0\n  Candidate: 1.96.0\n\
                      docker-cli:\n  Installed: (none)\n  Candidate: (none)\n";
        assert_eq!(known_packages(policy), ["docker.io", "rustc-web"]);
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("0.9.15") < numbers("0.13.0"));
        assert!(numbers("0.13.0-dev") >= numbers("0.13.0"));
        assert!(numbers("1.0.0") > numbers("0.13.0"));
        assert!(
            numbers("newest") < numbers("0.13.0"),
            "what is not understood is not new enough"
        );
    }

    #[test]
    fn a_program_that_is_older_than_the_pinned_one_is_not_taken() {
        for (answer, taken) in [
            (Some("bpf-linker 3.8.0\n"), true),
            (Some("3.8.0\n"), true),
            (Some("cargo-deb 3.10.1\n"), true),
            (Some("2.12.1\n"), false),
            (Some("cargo-deb 3.7.9\n"), false),
            (Some("cargo-deb\n"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(is_at_least(answer, "3.8.0"), taken, "{answer:?}");
        }
    }

    #[test]
    fn a_library_that_the_compiler_only_repeats_is_not_there() {
        assert!(is_found(
            "/usr/lib/gcc/x86_64-linux-gnu/14/../../../x86_64-linux-gnu/libc.a\n"
        ));
        assert!(!is_found("libc.a\n"));
    }
}
