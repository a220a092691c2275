//! Kernels from Debian through apt's own machinery, with a state of its own: nothing of the machine's changes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{command::Command, vm::matrix::Line};

const META_PACKAGE: &str = "linux-image-cloud-amd64";

/// Apt with other suites of the mirror that this machine uses already.
pub(crate) struct Apt {
    options: Vec<String>,
    dir: PathBuf,
}

impl Apt {
    /// Fetches the lists of the line's suites. `dir` takes all that apt keeps.
    pub(crate) fn for_line(line: &Line, dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir.join("lists/partial"))?;
        fs::create_dir_all(dir.join("cache/archives/partial"))?;
        fs::write(dir.join("status"), "")?;
        let asked = Command::new("apt-get").args(["indextargets", "--format", FORMAT, "Created-By: Packages"]);
        let targets = asked
            .ask()
            .with_context(|| format!("`{asked}` fails: give kernels as files"))?;
        let (uri, signed_by) = debian(&targets).context(
            "apt on this machine has no source of Debian's to take a kernel from: give kernels as files, `.deb` or \
             `vmlinuz`",
        )?;
        let sources: Vec<_> = line.suites.iter().map(|suite| source(uri, signed_by, suite)).collect();
        fs::write(dir.join("sources.list"), sources.concat())?;
        let shown = dir.display();
        let options = [
            format!("Dir::State={shown}"),
            format!("Dir::State::status={shown}/status"),
            format!("Dir::Cache={shown}/cache"),
            format!("Dir::Etc::SourceList={shown}/sources.list"),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            "Dir::Etc::PreferencesParts=/dev/null".to_owned(),
            "APT::Get::List-Cleanup=true".to_owned(),
            // the files are for whoever runs this
            "APT::Sandbox::User=".to_owned(),
        ];
        let apt = Self {
            options: options
                .into_iter()
                .flat_map(|option| ["-o".to_owned(), option])
                .collect(),
            dir: dir.to_owned(),
        };
        apt.run("apt-get").arg("update").run()?;
        Ok(apt)
    }

    /// Downloads the newest kernel: the packages that the image is in, and no other.
    pub(crate) fn download(&self) -> Result<Vec<PathBuf>> {
        let versions = self.ask(&["madison", META_PACKAGE])?;
        let newest = newest(&versions).with_context(|| format!("no suite has {META_PACKAGE}"))?;
        let shown = self.ask(&["show", &format!("{META_PACKAGE}={newest}")])?;
        let mut wanted = images(&shown);
        let mut next = 0;
        while next < wanted.len() {
            let shown = self.ask(&["show", &wanted[next]])?;
            for package in images(&shown) {
                if !wanted.contains(&package) {
                    wanted.push(package);
                }
            }
            next += 1;
        }
        let debs = self.dir.join("debs");
        fs::create_dir_all(&debs)?;
        // apt downloads into its working directory
        Command::new("env")
            .arg("--chdir")
            .arg(&debs)
            .arg("apt-get")
            .args(&self.options)
            .arg("download")
            .args(&wanted)
            .run()?;
        let files = fs::read_dir(&debs)?.flatten().map(|entry| entry.path());
        Ok(files
            .filter(|file| file.extension().is_some_and(|end| end == "deb"))
            .collect())
    }

    fn run(&self, program: &str) -> Command {
        Command::new(program).args(&self.options)
    }

    fn ask(&self, words: &[&str]) -> Result<String> {
        let command = self.run("apt-cache").args(words);
        command.ask().with_context(|| format!("`{command}` fails"))
    }
}

const FORMAT: &str = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(SIGNED_BY)|$(REPO_URI)";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Address and key of Debian's main archive among apt's sources.
fn debian(targets: &str) -> Option<(&str, &str)> {
    targets.lines().find_map(|line| {
        let mut fields = line.splitn(5, '|');
        let [origin, label, component, signed_by, uri] = std::array::from_fn(|_| fields.next().unwrap_or_default());
        let key = if signed_by.starts_with('/') { signed_by } else { KEYRING };
        ([origin, label, component] == ["Debian", "Debian", "main"]).then_some((uri, key))
    })
}

fn source(uri: &str, signed_by: &str, suite: &str) -> String {
    format!("deb [signed-by={signed_by}] {uri} {suite} main\n")
}

/// The version in the first line of `apt-cache madison`, which sorts the highest first.
fn newest(versions: &str) -> Option<&str> {
    versions.lines().next()?.split('|').nth(1).map(str::trim)
}

/// Packages that a kernel's files are in, among those that a package depends on.
fn images(shown: &str) -> Vec<String> {
    let depends = shown.lines().find_map(|line| line.strip_prefix("Depends: "));
    let names = depends.unwrap_or_default().split([',', '|']);
    names
        .filter_map(|one| one.split_whitespace().next())
        .filter(|name| {
            // behind the kind comes the version; where a flavour does, it is a package without files
            let version = ["linux-image-", "linux-binary-", "linux-modules-"].map(|kind| name.strip_prefix(kind));
            let mut version = version.into_iter().flatten();
            version.any(|version| version.starts_with(|letter: char| letter.is_ascii_digit()))
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_one_that_the_machine_uses() {
        let targets = "Node Source|Node Source|main||https://node.example/\n\
                       Debian|Debian-Security|main||http://security.example/debian-security/\n\
                       Debian|Debian|main|$(SIGNED_BY)|http://mirror.example/debian/\n";
        assert_eq!(debian(targets), Some(("http://mirror.example/debian/", KEYRING)));
        assert_eq!(debian("Ubuntu|Ubuntu|main||http://u.example/\n"), None);
        let signed = "Debian|Debian|main|/etc/apt/k.gpg|file:/m/";
        assert_eq!(debian(signed), Some(("file:/m/", "/etc/apt/k.gpg")));
    }

    #[test]
    fn the_highest_version_is_taken() {
        let versions =
            " linux-image-cloud-amd64 | 7.3.4-1~bpo13+1 | a Packages\n linux-image-cloud-amd64 | 7.2.13-1 | b\n";
        assert_eq!(newest(versions), Some("7.3.4-1~bpo13+1"));
        assert_eq!(newest(""), None);
    }

    #[test]
    fn only_packages_with_files_of_the_kernel_are_downloaded() {
        let shown = "Package: x\nDepends: dracut | initramfs-tools (>= 0.120) | linux-initramfs-tool, \
                     linux-base-7.3.4+deb13-cloud-amd64 (= 7.3.4-1), linux-binary-7.3.4+deb13-cloud-amd64 (= 7.3.4-1), \
                     linux-modules-7.3.4+deb13-cloud-amd64 (= 7.3.4-1), linux-modules-cloud-amd64\n";
        let expected = [
            "linux-binary-7.3.4+deb13-cloud-amd64",
            "linux-modules-7.3.4+deb13-cloud-amd64",
        ];
        assert_eq!(images(shown), expected);
        assert!(images("Package: x\n").is_empty());
    }
}
