//! Words that tie the repository to one machine: paths of a developer, hosts of a package registry.

use super::Breach;
use crate::tree::SourceFile;

/// Directories that hold somebody's files, never this project's. Written in parts, so that this file passes itself.
const PLACES: [&str; 3] = [concat!("/", "work/"), concat!("/", "root/"), concat!("/", "home/")];
/// Parts of the names of registry hosts: where packages come from is the machine's own configuration.
const REGISTRIES: [&str; 6] = ["debian.org", "ubuntu.com", "crates.io", "npmjs", "pypi", "pythonhosted"];

pub(super) fn nothing_of_one_machine(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    // The lock file names cargo's registry on every line; cargo itself writes it.
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in file.lines() {
            if PLACES.iter().any(|place| stands_alone(line, place)) {
                breaches.push(Breach::at(
                    file,
                    number,
                    "no path of one machine: make it relative, or take it from the environment",
                ));
            }
            if hosts(line).any(|host| REGISTRIES.iter().any(|registry| host.contains(registry))) {
                breaches.push(Breach::at(
                    file,
                    number,
                    "no host of a package registry: each machine has its own mirror",
                ));
            }
        }
    }
    breaches
}

/// Whether `place` begins a path, not the middle of one.
fn stands_alone(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-~}*)>".contains(c))
    })
}

/// Hosts of the URLs in a line.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).map(|rest| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-')
            .next()
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(line: &str) -> usize {
        nothing_of_one_machine(&[SourceFile::new("docs/guide.md", line)]).len()
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for place in PLACES {
            assert_eq!(found(&format!("see {place}project")), 1);
            assert_eq!(found(&format!("frame{place}project")), 0, "part of a longer path");
        }
        assert_eq!(found("/var/run/docker.sock and /usr/lib/llvm-22"), 0);
    }

    #[test]
    fn a_registry_host_is_found() {
        for registry in REGISTRIES {
            assert_eq!(
                found(&format!("curl https://mirror.{registry}.example/x")),
                1,
                "{registry}"
            );
        }
        assert_eq!(found("https://github.com/aya-rs/bpf-linker"), 0);
        assert_eq!(found("crates.io has it"), 0, "a name is no address");
    }
}
