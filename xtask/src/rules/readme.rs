//! What the documents say exists must exist.

use super::Breach;
use crate::tree::SourceFile;

/// Each `cargo xtask WORD` in a document names a subcommand.
pub(super) fn subcommands_exist(files: &[SourceFile], subcommands: &[String]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.is_markdown()) {
        for (number, line) in file.lines() {
            for rest in line.split("cargo xtask ").skip(1) {
                let word = rest
                    .split(|c: char| !c.is_ascii_lowercase() && c != '-')
                    .next()
                    .unwrap_or_default();
                if !word.is_empty() && !subcommands.iter().any(|known| known == word) {
                    breaches.push(Breach::at(file, number, format!("there is no `cargo xtask {word}`")));
                }
            }
        }
    }
    breaches
}

/// The README's configuration table (the one whose first column is `flag`) names the flags that the agent's `--help`
/// does, no more and no fewer.
pub(crate) fn agent_flags_exist(readme: &SourceFile, help: &str) -> Vec<Breach> {
    let known = flags(help);
    let rows = readme.lines().skip_while(|(_, line)| !line.starts_with("| flag |"));
    let rows = rows.take_while(|(_, line)| line.starts_with('|'));
    let named: Vec<_> = rows
        .flat_map(|(number, line)| flags(line).into_iter().map(move |flag| (number, flag)))
        .collect();
    let unknown = named.iter().filter(|(_, flag)| !known.contains(flag));
    let unknown =
        unknown.map(|(number, flag)| Breach::at(readme, *number, format!("balancer-agent has no flag {flag}")));
    let untold = known.iter().filter(|flag| **flag != "--help" && **flag != "--version");
    let untold = untold.filter(|flag| !named.iter().any(|(_, named)| named == *flag));
    let untold = untold.map(|flag| {
        Breach::at(
            readme,
            0,
            format!("the table that begins with `| flag |` leaves out the flag {flag}"),
        )
    });
    unknown.chain(untold).collect()
}

/// Long flags in a text, each once.
fn flags(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("--") {
        let before = text[..at].chars().next_back();
        let length = text[at + 2..]
            .find(|c: char| !c.is_ascii_lowercase() && c != '-')
            .unwrap_or(text.len() - at - 2);
        let flag = &text[at..at + 2 + length];
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && c != '-');
        if begins && flag.as_bytes().get(2).is_some_and(u8::is_ascii_lowercase) && !found.contains(&flag) {
            found.push(flag);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chore_that_does_not_exist_is_found() {
        let known = ["run".to_owned(), "test".to_owned()];
        let readme = |text| [SourceFile::new("README.md", text)];
        assert_eq!(
            subcommands_exist(&readme("`cargo xtask run -- --listen x`, `cargo xtask test`"), &known),
            []
        );
        let breaches = subcommands_exist(&readme("fine\nthen cargo xtask fly and cargo xtask run"), &known);
        assert_eq!(breaches[0].to_string(), "README.md:2: there is no `cargo xtask fly`");
        assert_eq!(breaches.len(), 1);
    }

    #[test]
    fn a_flag_that_the_agent_does_not_have_is_found() {
        let help = "  --listen <ADDR>  where\n  --interval <TIME>\n  -h, --help";
        let readme = |text| SourceFile::new("README.md", text);
        let right = "| flag | x |\n| --- | --- |\n| `--listen` | x |\n| `--interval` | y |\n\n\
                     | Docker |\n| `--pid host` |";
        assert_eq!(agent_flags_exist(&readme(right), help), []);
        let wrong = agent_flags_exist(&readme("# Flags\n| flag | x |\n| `--listen`, `--colour` |"), help);
        let wrong: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        let untold = "README.md: the table that begins with `| flag |` leaves out the flag --interval";
        assert_eq!(wrong, ["README.md:3: balancer-agent has no flag --colour", untold]);
    }

    #[test]
    fn a_rule_of_a_table_is_no_flag() {
        assert_eq!(flags("| --- | :--- |"), Vec::<&str>::new());
        assert_eq!(flags("a--b `--cgroup-root`, --cgroup-root"), ["--cgroup-root"]);
    }
}
