//! Programs from packages that are fetched by apt and unpacked into a directory, not installed. No service is started,
//! nothing of the machine's own packages is changed or has to give way, and none of it needs root.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::command::{Command, find};

/// A program, and the packages that bring it.
#[derive(Debug)]
pub(crate) struct Packaged {
    /// Where the program lies in its package.
    pub(crate) program: &'static str,
    pub(crate) packages: &'static [&'static str],
    /// The suite of the archive that has it, where the machine's own has not.
    pub(crate) suite: Option<&'static str>,
}

const ARCHIVE_KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Whether this machine has what fetches packages and unpacks them.
pub(crate) fn can_unpack() -> bool {
    find("apt-get").is_some() && find("dpkg-deb").is_some()
}

/// Unpacks the packages, and those that they need and that are not installed, into `root`. Nothing is fetched where all of
/// it was unpacked before.
pub(crate) fn unpack(wanted: &Packaged, root: &Path) -> Result<()> {
    if is_whole(wanted, root) {
        return Ok(());
    }
    ensure!(can_unpack(), "there is no apt");
    eprintln!("fetching {} (unpacked, not installed)", wanted.packages.join(" "));
    fs::create_dir_all(root).with_context(|| format!("making {}", root.display()))?;
    // packages and lists are needed once
    let temporary = tempfile::tempdir_in(root).context("making a directory for packages")?;
    let own = temporary.path();
    fs::create_dir_all(own.join("archives/partial")).context("making a directory for packages")?;
    fs::create_dir_all(own.join("lists/partial")).context("making a directory for package lists")?;
    let mut options = vec![
        format!("Dir::Cache={}", own.display()),
        format!("Dir::State::lists={}/lists", own.display()),
        "Debug::NoLocking=1".to_owned(),
        // the files are for whoever runs this
        "APT::Sandbox::User=".to_owned(),
    ];
    if let Some(suite) = wanted.suite {
        let list = own.join("sources.list");
        fs::write(&list, source(&mirror()?, suite)).context("writing a list of sources")?;
        options.push(format!("Dir::Etc::SourceList={}", list.display()));
        options.push("Dir::Etc::SourceParts=/dev/null".to_owned());
    }
    // one repository that does not answer is no reason to stop: what is asked for may be in the others
    if let Err(error) = apt(&options).arg("update").output() {
        eprintln!("{error:#}; going on");
    }
    apt(&options)
        .args(["install", "--download-only", "--yes", "--no-install-recommends"])
        .args(wanted.packages)
        .output()?;
    for package in fs::read_dir(own.join("archives")).context("looking for packages")? {
        let package = package.context("looking for packages")?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            Command::new("dpkg-deb")
                .arg("--extract")
                .arg(package)
                .arg(root)
                .output()?;
        }
    }
    ensure!(
        placed(wanted, root).is_some(),
        "the packages have no {}",
        wanted.program
    );
    let stamp = stamp(wanted, root);
    fs::write(&stamp, "").with_context(|| format!("writing {}", stamp.display()))
}

/// The program alone says nothing: libraries that it needs may have been about to be unpacked when that was interrupted.
fn is_whole(wanted: &Packaged, root: &Path) -> bool {
    placed(wanted, root).is_some() && stamp(wanted, root).is_file()
}

/// The file that says that all packages of this program were unpacked: the last that is written.
fn stamp(wanted: &Packaged, root: &Path) -> PathBuf {
    let name = Path::new(wanted.program).file_name().unwrap_or(OsStr::new("program"));
    root.join(format!(".all-unpacked-of-{}", name.display()))
}

/// The program below `root`. What lies in `usr/bin` in today's packages may lie in `bin` in older ones.
fn placed(wanted: &Packaged, root: &Path) -> Option<PathBuf> {
    let older = wanted.program.strip_prefix("usr/").unwrap_or(wanted.program);
    let mut places = [wanted.program, older].into_iter().map(|place| root.join(place));
    places.find(|file| file.is_file())
}

fn apt(options: &[String]) -> Command {
    let command = Command::new("apt-get").env("LC_ALL", "C");
    options
        .iter()
        .fold(command, |command, option| command.args(["-o", option]))
}

/// Where this machine gets Debian from, by its own answer.
fn mirror() -> Result<String> {
    let targets = Command::new("apt-get").args(["indextargets", "--format", "$(LABEL) $(COMPONENT) $(REPO_URI)"]);
    let answer = targets.ask().with_context(|| format!("`{targets}` fails"))?;
    mirror_in(&answer).context("this machine gets nothing from a Debian archive")
}

fn mirror_in(targets: &str) -> Option<String> {
    let mut lines = targets.lines().filter_map(|line| line.strip_prefix("Debian main "));
    lines.next().map(str::to_owned)
}

fn source(mirror: &str, suite: &str) -> String {
    format!("deb [signed-by={ARCHIVE_KEYS}] {mirror} {suite} main\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_machines_own() {
        let targets = "Other main https://other.example/\nDebian-Security main http://mirror.example/debian-security/\n\
                       Debian main http://mirror.example/debian/\n";
        assert_eq!(mirror_in(targets).as_deref(), Some("http://mirror.example/debian/"));
        assert_eq!(mirror_in("Ubuntu main http://mirror.example/ubuntu/\n"), None);
    }

    #[test]
    fn what_was_unpacked_in_part_is_not_whole() {
        const WANTED: Packaged = Packaged {
            program: "usr/bin/tool",
            packages: &["tool"],
            suite: None,
        };
        for place in ["usr/bin", "bin"] {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path();
            fs::create_dir_all(root.join(place)).unwrap();
            fs::write(stamp(&WANTED, root), "").unwrap();
            assert!(!is_whole(&WANTED, root), "no program");
            fs::write(root.join(place).join("tool"), "").unwrap();
            assert!(is_whole(&WANTED, root), "{place}");
            fs::remove_file(stamp(&WANTED, root)).unwrap();
            assert!(!is_whole(&WANTED, root), "only the program");
        }
    }

    #[test]
    fn another_suite_comes_from_the_same_mirror() {
        let line = source("http://mirror.example/debian/", "bullseye");
        assert!(
            line.ends_with("http://mirror.example/debian/ bullseye main\n"),
            "{line}"
        );
    }
}
