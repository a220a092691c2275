//! Executables of tests several at a time: while one waits, others get on.

use anyhow::Result;

use super::Totals;
use crate::{command::Command, workers};

/// Starts them in their order, each by `run_one`, which gives on what it says line by line. That is told in one piece, when
/// it has ended.
pub(super) fn run(
    commands: &[Command],
    run_one: impl Fn(&Command, &mut dyn FnMut(&str)) -> Result<Totals> + Sync,
) -> Result<Totals> {
    // most of the time each waits
    let at_once = workers::cpus() + 1;
    let told = workers::run(at_once, commands, |command| {
        let mut said = String::new();
        let ended = run_one(command, &mut |line| {
            said.push_str(line);
            said.push('\n');
        });
        print!("== of `{command}`\n{said}");
        ended
    })?;
    Ok(told.into_iter().fold(Totals::default(), |mut all, one| {
        all += one;
        all
    }))
}

#[cfg(test)]
mod tests {
    use super::{super::in_turn, *};

    #[test]
    fn two_run_at_once_and_all_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let result = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        // each waits for a sign of the other: in turn they would never end
        let meets = |mine: &str, other: &str| {
            let script = format!(
                "touch {}; timeout 20 sh -c 'until [ -e {} ]; do sleep 0.01; done' && {result}",
                path(mine),
                path(other)
            );
            Command::new("sh").args(["-c", &script])
        };
        let broken = Command::new("sh").args(["-c", "exit 3"]);
        let totals = run(&[meets("a", "b"), meets("b", "a"), broken], in_turn).unwrap();
        assert_eq!((totals.passed, totals.failed), (4, 1));
    }
}
