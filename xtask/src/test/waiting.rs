//! Which integration tests run beside others. A table.

use crate::artifacts::Executable;

/// How much of an executable mostly waits: for an engine, for a deadline, for the next sample. The rest, and every executable
/// that is not named, measures what the whole machine does, and has it for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    All,
    /// All but this module.
    AllBut(&'static str),
    /// These modules; each list is a run of its own.
    These([&'static [&'static str]; 3]),
}

/// Integration tests that mostly wait, longest first.
const WAITING: [(&str, Waits); 11] = [
    ("consul", Waits::All),
    ("docker_away", Waits::All),
    ("observers", Waits::All),
    ("scenarios", Waits::All),
    ("fleet", Waits::All),
    ("page", Waits::AllBut("many::")),
    ("security", Waits::AllBut("worn_down::")),
    (
        "accuracy",
        Waits::These([
            &[
                "network::short_lived::",
                "network::docker_proxy::",
                "network::dropped::",
            ],
            &[
                "network::handshake::",
                "network::loopback::",
                "network::ownership::",
                "network::past_sockets::",
                "network::router::",
                "network::tunnel::",
            ],
            &[
                "life_cycle::beside::",
                "life_cycle::nested::",
                "life_cycle::privileges::",
                "network::udp::",
            ],
        ]),
    ),
    ("terminal", Waits::All),
    ("docker_failures", Waits::All),
    ("service_manager", Waits::All),
];

impl Waits {
    /// Arguments of libtest for what runs beside others.
    pub(super) fn beside(self) -> Vec<Vec<&'static str>> {
        match self {
            Self::All => vec![Vec::new()],
            Self::AllBut(module) => vec![vec!["--skip", module]],
            Self::These(lists) => lists.map(<[_]>::to_vec).into(),
        }
    }

    /// Arguments of libtest for what runs alone.
    pub(super) fn alone(self) -> Option<Vec<&'static str>> {
        match self {
            Self::All => None,
            Self::AllBut(module) => Some(vec![module]),
            Self::These(lists) => Some(
                lists
                    .concat()
                    .into_iter()
                    .flat_map(|module| ["--skip", module])
                    .collect(),
            ),
        }
    }
}

/// Those that wait, in the order of [`WAITING`], and the others.
pub(super) fn waiting_first(mut tests: Vec<Executable>) -> (Vec<(Executable, Waits)>, Vec<Executable>) {
    let mut waiting = Vec::new();
    for (name, waits) in WAITING {
        waiting.extend(
            tests
                .extract_if(.., |test| test.target == name)
                .map(|test| (test, waits)),
        );
    }
    (waiting, tests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifacts::Kind;

    #[test]
    fn those_that_wait_come_first_in_their_order_and_none_is_lost() {
        let executable = |name: &str| Executable {
            package: "/repo/tests".into(),
            target: name.to_owned(),
            kind: Kind::IntegrationTest,
            path: name.into(),
        };
        let (waiting, others) = waiting_first(["churn", "page", "consul", "new"].map(executable).into());
        let names = |tests: Vec<Executable>| tests.into_iter().map(|test| test.target).collect::<Vec<_>>();
        assert_eq!(
            names(waiting.into_iter().map(|(test, _)| test).collect()),
            ["consul", "page"]
        );
        assert_eq!(names(others), ["churn", "new"]);
    }

    #[test]
    fn what_does_not_run_beside_others_runs_alone() {
        assert_eq!((Waits::All.beside(), Waits::All.alone()), (vec![Vec::new()], None));
        let all_but = Waits::AllBut("many::");
        assert_eq!(all_but.beside(), [["--skip", "many::"]]);
        assert_eq!(all_but.alone(), Some(vec!["many::"]));
        let these = Waits::These([&["a::", "b::"], &["c::"], &["d::"]]);
        assert_eq!(these.beside(), [vec!["a::", "b::"], vec!["c::"], vec!["d::"]]);
        assert_eq!(
            these.alone(),
            Some(vec!["--skip", "a::", "--skip", "b::", "--skip", "c::", "--skip", "d::"])
        );
    }
}
