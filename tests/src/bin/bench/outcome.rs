//! Whether a section was measured, and whether it could have been.

use std::thread;

use anyhow::Result;

use crate::machine::NotInstalled;

/// What came of a section.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Measured,
    /// The machine lacks a program: a report without the section is whole.
    Missing(String),
    Failed(String),
}

impl Outcome {
    pub(crate) fn of(measured: thread::Result<Result<()>>) -> Self {
        match measured {
            Ok(Ok(())) => Self::Measured,
            Ok(Err(error)) if error.is::<NotInstalled>() => Self::Missing(format!("{error:#}")),
            Ok(Err(error)) => Self::Failed(format!("{error:#}")),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                Self::Failed(text.unwrap_or("it panicked").to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine;

    #[test]
    fn only_a_program_that_is_not_there_is_no_failure() {
        let failed = |why: &str| Outcome::Failed(why.to_owned());
        let missing = || machine::has("no-such-program").map_err(anyhow::Error::from);
        let cases = [
            (Ok(Ok(())), Outcome::Measured),
            (
                Ok(missing()),
                Outcome::Missing("no-such-program is not installed".to_owned()),
            ),
            (Ok(Err(anyhow::anyhow!("no maps"))), failed("no maps")),
            (Err(Box::new("no eBPF") as Box<_>), failed("no eBPF")),
            (Err(Box::new("no eBPF".to_owned()) as Box<_>), failed("no eBPF")),
            (Err(Box::new(1) as Box<_>), failed("it panicked")),
        ];
        for (measured, expected) in cases {
            assert_eq!(Outcome::of(measured), expected);
        }
    }
}
