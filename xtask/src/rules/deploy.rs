//! What the files of `deploy/` tell the agent to do, it must know.

use super::Breach;
use crate::tree::SourceFile;

/// What the variables of the agent begin with; alone it stands for all of them.
const VARIABLES: &str = "AGENT_";

/// Each variable `AGENT_...` and each flag of the agent in a file of `deploy/` stands in its `--help`. Flags of other
/// programs stand in the same files: the agent's are those that begin an item of a list, with a dash or in quotes.
pub(crate) fn settings_exist(files: &[SourceFile], help: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("deploy/")) {
        for (number, line) in file.lines() {
            for variable in words(line, VARIABLES, |c| c.is_ascii_uppercase() || c == '_') {
                if variable != VARIABLES && !help.contains(&format!("[env: {variable}]")) {
                    breaches.push(Breach::at(
                        file,
                        number,
                        format!("balancer-agent has no variable {variable}"),
                    ));
                }
            }
            // a script quotes flags of what it starts
            let begins: &[&str] = if file.has_extension("sh") { &[] } else { &["\"", "- "] };
            let items = begins.iter().flat_map(|begin| line.split(begin).skip(1));
            for item in items.filter(|item| item.starts_with("--")) {
                let flag: String = item
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                    .collect();
                if !help.contains(&format!("{flag} ")) {
                    breaches.push(Breach::at(file, number, format!("balancer-agent has no flag {flag}")));
                }
            }
        }
    }
    breaches
}

/// Words that begin so and go on with such characters; not the ends of longer words.
fn words<'a>(line: &'a str, begin: &'a str, goes_on: impl Fn(char) -> bool + 'a) -> impl Iterator<Item = &'a str> {
    line.match_indices(begin).filter_map(move |(at, _)| {
        let before = line[..at].chars().next_back();
        let end = line[at..]
            .find(|c| !goes_on(c))
            .map_or(line.len(), |length| at + length);
        before
            .is_none_or(|c| !c.is_alphanumeric() && c != '_')
            .then(|| &line[at..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_the_agent_does_not_have_is_found() {
        let help = "  --listen <ADDRESS>  where [env: AGENT_LISTEN]\n  --read-only [<BOOL>]  [env: AGENT_READ_ONLY]";
        let of = |text: &str| {
            let breaches = settings_exist(&[SourceFile::new("deploy/x/y.yaml", text)], help);
            breaches.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            of(
                "image: ${BALANCER_AGENT_IMAGE}\nAGENT_LISTEN: 0.0.0.0\n  - --listen=$(X):5000\n[\"--read-only\"]\nrun --detach"
            ),
            Vec::<String>::new()
        );
        assert_eq!(
            of("AGENT_PORT=1\n  - --port=1\n[\"--ports\", \"1\"]"),
            [
                "deploy/x/y.yaml:1: balancer-agent has no variable AGENT_PORT",
                "deploy/x/y.yaml:2: balancer-agent has no flag --port",
                "deploy/x/y.yaml:3: balancer-agent has no flag --ports",
            ]
        );
        let script = [SourceFile::new("deploy/x/run.sh", "more=\"--cap-add X\"\nAGENT_PORT=1")];
        assert_eq!(settings_exist(&script, help).len(), 1, "the variable");
        let handed_on = [SourceFile::new(
            "deploy/x/run.sh",
            "env | sed -n 's/^\\(AGENT_[A-Z_]*\\)=.*/--env \\1/p'",
        )];
        assert_eq!(settings_exist(&handed_on, help), []);
        let elsewhere = [SourceFile::new("docs/a.md", "AGENT_PORT")];
        assert_eq!(settings_exist(&elsewhere, help), []);
    }
}
