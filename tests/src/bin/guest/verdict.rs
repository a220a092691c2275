//! Checks one after the other, and the one line that tells what came of them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What has passed and failed so far.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    passed: u32,
    failures: Vec<String>,
}

impl Verdict {
    /// Runs one check; its panic is its failure, and the others still run. `None` where it failed.
    pub(crate) fn check<T>(&mut self, name: &str, check: impl FnOnce() -> T) -> Option<T> {
        println!("vm: check {name}");
        let started = Instant::now();
        match catch_unwind(AssertUnwindSafe(check)) {
            Ok(value) => {
                println!("vm: note: {name}: passed in {:.1} s", started.elapsed().as_secs_f64());
                self.passed += 1;
                Some(value)
            }
            Err(panic) => {
                self.failures.push(format!("{name}: {}", message(&*panic)));
                None
            }
        }
    }

    /// `vm: passed N`, or `vm: failed: NAME: WHY | NAME: WHY`.
    pub(crate) fn print(&self) {
        if self.failures.is_empty() {
            println!("vm: passed {}", self.passed);
        } else {
            println!("vm: failed: {}", self.failures.join(" | "));
        }
    }
}

/// What `panic!` was given, in one line.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let lines = text.unwrap_or("a panic without words").lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ")
}
