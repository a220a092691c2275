//! Which kernels are booted with which cgroup layout, and what each must show. Pure.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// A line of kernels as Debian packages it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// As it is asked for on the command line.
    pub(crate) name: &'static str,
    /// Suites of Debian that may have it; the highest version of all of them is taken.
    pub(crate) suites: &'static [&'static str],
}

pub(crate) const LINES: [Line; 4] = [
    Line {
        name: "5.10",
        suites: &["bullseye"],
    },
    Line {
        name: "6.1",
        suites: &["bookworm"],
    },
    Line {
        name: "6.12",
        suites: &["trixie"],
    },
    Line {
        name: "newest",
        suites: &["trixie-backports", "sid"],
    },
];

/// Which cgroup hierarchies the guest mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Layout {
    V2,
    Hybrid,
    V1,
}

/// What is unusual about the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twist {
    None,
    /// A class id is set in the v1 hierarchy `net_cls`.
    ClassId,
    /// `lockdown=confidentiality` on the kernel's command line.
    Lockdown,
    /// `kernel.unprivileged_bpf_disabled=2`.
    UnprivilegedDisabled,
    /// `net.core.bpf_jit_enable=0`.
    NoJit,
    /// The kernel's own types cannot be read.
    NoBtf,
    /// The clock is the HPET.
    SlowClock,
}

/// What the agent must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Counts,
    /// It falls back, with this in its sentence.
    FallsBack(&'static str),
}

/// One guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: &'static str,
    pub(crate) layout: Layout,
    pub(crate) twist: Twist,
    pub(crate) expected: Expected,
    /// Whether the scenarios with a Docker engine run too.
    pub(crate) docker: bool,
}

const fn counts(line: &'static str, layout: Layout) -> Row {
    Row {
        line,
        layout,
        twist: Twist::None,
        expected: Expected::Counts,
        docker: false,
    }
}

const fn with_docker(row: Row) -> Row {
    Row { docker: true, ..row }
}

const NO_V2_TREE: Expected = Expected::FallsBack("no cgroup v2 tree is mounted");

/// All of them.
pub(crate) const ROWS: [Row; 13] = [
    counts("5.10", Layout::V2),
    Row {
        twist: Twist::ClassId,
        expected: Expected::FallsBack("the self-test failed: a datagram sent over loopback was not counted"),
        ..counts("5.10", Layout::Hybrid)
    },
    // it reads the clock, as it cannot ask the scheduler
    Row {
        twist: Twist::SlowClock,
        expected: Expected::FallsBack("clock source hpet is too slow"),
        ..counts("5.10", Layout::V2)
    },
    with_docker(counts("6.1", Layout::V2)),
    with_docker(counts("6.1", Layout::Hybrid)),
    Row {
        expected: NO_V2_TREE,
        docker: true,
        ..counts("6.1", Layout::V1)
    },
    Row {
        twist: Twist::Lockdown,
        ..counts("6.1", Layout::V2)
    },
    Row {
        twist: Twist::UnprivilegedDisabled,
        ..counts("6.1", Layout::V2)
    },
    Row {
        twist: Twist::NoJit,
        ..counts("6.1", Layout::V2)
    },
    Row {
        twist: Twist::NoBtf,
        ..counts("6.1", Layout::V2)
    },
    Row {
        twist: Twist::SlowClock,
        ..counts("6.1", Layout::V2)
    },
    with_docker(counts("6.12", Layout::V2)),
    counts("newest", Layout::V2),
];

/// Names of the rows that continuous integration runs: the oldest kernel, and that of Debian 13.
pub(crate) const CI: [&str; 2] = ["5.10-v2", "6.12-v2"];

impl Layout {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::Hybrid => "hybrid",
            Self::V1 => "v1",
        }
    }
}

impl Twist {
    fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::ClassId => "-classid",
            Self::Lockdown => "-lockdown",
            Self::UnprivilegedDisabled => "-unprivileged-disabled",
            Self::NoJit => "-no-jit",
            Self::NoBtf => "-no-btf",
            Self::SlowClock => "-slow-clock",
        }
    }

    /// Words for the kernel's command line.
    pub(crate) fn boot_words(self) -> &'static [&'static str] {
        match self {
            Self::Lockdown => &["lockdown=confidentiality"],
            Self::SlowClock => &["clocksource=hpet"],
            // an emulated CPU's clock is not known to be steady
            _ => &["tsc=reliable", "clocksource=tsc"],
        }
    }

    fn sysctls(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::UnprivilegedDisabled => &[("kernel/unprivileged_bpf_disabled", "2")],
            Self::NoJit => &[("net/core/bpf_jit_enable", "0")],
            _ => &[],
        }
    }
}

impl Row {
    /// Which kernels it is booted with; an error for a kernel given as a file.
    pub(crate) fn line(&self) -> Result<&'static Line> {
        let line = LINES.iter().find(|line| line.name == self.line);
        line.context("every row has a line")
    }

    /// Such as `6.1-hybrid`.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}{}", self.line, self.layout.name(), self.twist.suffix())
    }

    /// What the guest is told of it. `release` is the kernel's own name of itself, such as `6.1.0-50-cloud-amd64`.
    pub(crate) fn for_guest(&self, release: &str, hang: bool) -> Value {
        let version = version(release);
        json!({
            "layout": self.layout.name(),
            "sysctls": self.twist.sysctls(),
            "classid": self.twist == Twist::ClassId,
            "hide_btf": self.twist == Twist::NoBtf,
            "falls_back": match self.expected {
                Expected::Counts => None,
                Expected::FallsBack(reason) => Some(reason),
            },
            "knows_ancestors": version >= (5, 15),
            "docker": self.docker,
            "hang": hang,
        })
    }
}

/// A row for the operator who reads the table of requirements; its own name where it is no row.
pub(crate) fn described(name: &str) -> String {
    let Some(row) = ROWS.into_iter().find(|row| row.name() == name) else {
        return name.to_owned();
    };
    let layout = match row.layout {
        Layout::V2 => "v2",
        Layout::Hybrid => "v1 and v2 (hybrid)",
        Layout::V1 => "v1",
    };
    let twist = match row.twist {
        Twist::None => return layout.to_owned(),
        Twist::ClassId => "a class id set in `net_cls`",
        Twist::Lockdown => "`lockdown=confidentiality`",
        Twist::UnprivilegedDisabled => "`kernel.unprivileged_bpf_disabled=2`",
        Twist::NoJit => "`net.core.bpf_jit_enable=0`",
        Twist::NoBtf => "no BTF to be read",
        Twist::SlowClock => "clock source `hpet`",
    };
    format!("{layout}, {twist}")
}

/// Major and minor number of a release; (0, 0) for what is none.
pub(crate) fn version(release: &str) -> (u32, u32) {
    let mut numbers = release
        .split(|letter: char| !letter.is_ascii_digit())
        .map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The rows that a word of the command line asks for: a line's name, or a row's.
pub(crate) fn asked(word: &str) -> Vec<Row> {
    ROWS.into_iter()
        .filter(|row| row.line == word || row.name() == word)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own_and_a_line_that_there_is() {
        let names: std::collections::BTreeSet<_> = ROWS.iter().map(Row::name).collect();
        assert_eq!(names.len(), ROWS.len());
        for row in ROWS {
            assert!(LINES.iter().any(|line| line.name == row.line), "{row:?}");
        }
        for name in CI {
            assert_eq!(asked(name).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_line_asks_for_all_its_rows_and_a_row_for_itself() {
        assert_eq!(asked("6.1").len(), 8);
        assert_eq!(asked("6.1-v1")[0].expected, NO_V2_TREE);
        assert_eq!(asked("2.6"), []);
    }

    #[test]
    fn what_a_kernel_can_is_told_by_its_version() {
        for (release, ancestors) in [
            ("5.10.0-32-cloud-amd64", false),
            ("5.14.9", false),
            ("5.15.3", true),
            ("6.1.0-50-cloud-amd64", true),
            ("7.3.4+deb13-cloud-amd64", true),
        ] {
            let told = ROWS[0].for_guest(release, false);
            assert_eq!(told["knows_ancestors"], ancestors, "{release}");
        }
    }
}
