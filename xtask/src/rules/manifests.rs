//! Rules for manifests and for cargo's configuration.

use super::Breach;
use crate::tree::SourceFile;

/// Workspace lints that a crate does not inherit are dead letters in it.
pub(super) fn inherit_lints(files: &[SourceFile]) -> Vec<Breach> {
    let crates = files
        .iter()
        .filter(|file| file.path.ends_with("Cargo.toml") && section(file, "package").is_some());
    let deaf = crates
        .filter(|file| !section(file, "lints").is_some_and(|mut lines| lines.any(|line| line == "workspace = true")));
    deaf.map(|file| {
        Breach::at(
            file,
            0,
            "a crate inherits the lints of the workspace: `[lints] workspace = true`",
        )
    })
    .collect()
}

/// With `runner = "sudo"` a plain `cargo test` would run as root and leave files of root behind.
pub(super) fn no_runner(files: &[SourceFile]) -> Vec<Breach> {
    let configs = files.iter().filter(|file| file.path.starts_with(".cargo/"));
    let lines = configs.flat_map(|file| file.lines().map(move |(number, line)| (file, number, line)));
    lines
        .filter(|(_, _, line)| line.trim_start().starts_with("runner"))
        .map(|(file, number, _)| {
            Breach::at(
                file,
                number,
                "cargo has no runner here: only `cargo xtask` asks for root",
            )
        })
        .collect()
}

/// Lines of `[name]`, without blanks around them.
fn section<'a>(file: &'a SourceFile, name: &str) -> Option<impl Iterator<Item = &'a str>> {
    let heading = format!("[{name}]");
    let mut lines = file.text.lines().map(str::trim);
    lines.find(|line| *line == heading)?;
    Some(lines.take_while(|line| !line.starts_with('[')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(lints: &str) -> SourceFile {
        SourceFile::new(
            "agent/Cargo.toml",
            &format!("[package]\nname = \"x\"\n\n[dependencies]\n\n{lints}"),
        )
    }

    #[test]
    fn a_crate_that_does_not_inherit_the_lints_is_found() {
        assert_eq!(inherit_lints(&[manifest("[lints]\nworkspace = true\n")]), []);
        assert_eq!(inherit_lints(&[manifest("")]).len(), 1);
        assert_eq!(inherit_lints(&[manifest("[lints]\n")]).len(), 1);
        assert_eq!(
            inherit_lints(&[manifest("[lints]\n[dev-dependencies]\nworkspace = true\n")]).len(),
            1
        );
        assert_eq!(
            inherit_lints(&[SourceFile::new("Cargo.toml", "[workspace]\n")]),
            [],
            "the virtual manifest has no code"
        );
    }

    #[test]
    fn a_runner_is_found() {
        let config = |text| SourceFile::new(".cargo/config.toml", text);
        assert_eq!(no_runner(&[config("[alias]\nxtask = \"run\"\n")]), []);
        assert_eq!(no_runner(&[config("[target.x]\n  runner = \"sudo -E\"\n")])[0].line, 2);
    }
}
