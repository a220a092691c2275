//! What a guest says on its serial console: the verdict, or why there will be none. Pure.

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All checks passed, so many.
    Passed(u32),
    /// What the guest says failed.
    Failed(String),
    /// The kernel gave up, in its own words.
    Crashed(String),
}

/// How often a soft lockup may be seen: the first may be a machine that was busy for a moment.
const SOFT_LOCKUPS: u32 = 2;

/// Reads the console line by line.
#[derive(Debug, Default)]
pub(crate) struct Console {
    soft_lockups: u32,
    /// The check that runs now, or what else the guest told last.
    pub(crate) last_told: String,
    /// What it told for the table of requirements.
    pub(crate) facts: Vec<String>,
}

impl Console {
    /// The end, if this line is it.
    pub(crate) fn read(&mut self, line: &str) -> Option<End> {
        let line = line.trim_end();
        if let Some(told) = line.strip_prefix("vm: ") {
            if let Some(count) = told.strip_prefix("passed ") {
                return count.parse().ok().map(End::Passed);
            }
            if let Some(what) = told.strip_prefix("failed: ") {
                return Some(End::Failed(what.to_owned()));
            }
            if let Some(fact) = told.strip_prefix("fact: ") {
                self.facts.push(fact.to_owned());
            }
            told.clone_into(&mut self.last_told);
            return None;
        }
        let crashed = || Some(End::Crashed(line.trim_start().to_owned()));
        if line.contains("Kernel panic - ") || line.contains("detected stalls") || line.contains("self-detected stall")
        {
            return crashed();
        }
        if line.contains("BUG: soft lockup") {
            self.soft_lockups += 1;
            return (self.soft_lockups >= SOFT_LOCKUPS).then(crashed).flatten();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(lines: &[&str]) -> Option<End> {
        let mut console = Console::default();
        lines.iter().find_map(|line| console.read(line))
    }

    #[test]
    fn the_verdict_is_one_line() {
        assert_eq!(
            end(&["[    0.0] Linux", "vm: check a", "vm: passed 8\r"]),
            Some(End::Passed(8))
        );
        let failed = "vm: failed: UDP: 3 against 4 | CPU: no";
        let expected = End::Failed("UDP: 3 against 4 | CPU: no".to_owned());
        assert_eq!(end(&[failed]), Some(expected));
    }

    #[test]
    fn what_only_looks_like_a_verdict_is_none() {
        for line in [
            "vm: passed",
            "vm: passed many",
            "passed 8",
            "  vm: passed 8",
            "vm: note: a: passed in 3 s",
        ] {
            assert_eq!(end(&[line]), None, "{line}");
        }
    }

    #[test]
    fn a_kernel_that_gives_up_is_told_in_its_words() {
        for line in [
            "[    1.2] Kernel panic - not syncing: Attempted to kill init!",
            "[   41.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
            "[   41.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
        ] {
            assert_eq!(end(&[line]), Some(End::Crashed(line.to_owned())));
        }
    }

    #[test]
    fn one_soft_lockup_is_forgiven_and_a_second_is_not() {
        let line = "[   50.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [init:1]";
        assert_eq!(end(&[line, "vm: passed 1"]), Some(End::Passed(1)));
        assert_eq!(end(&[line, line]), Some(End::Crashed(line.to_owned())));
    }

    #[test]
    fn what_the_guest_does_is_known_when_it_hangs() {
        let mut console = Console::default();
        console.read("vm: check UDP to the byte");
        console.read("[   50.1] something else");
        assert_eq!(console.last_told, "check UDP to the byte");
    }
}
