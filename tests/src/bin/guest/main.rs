//! The first process of a guest that `cargo xtask vm` boots: it makes the system, has the agent shown on it, and says
//! in one line on the console what came of it.
//!
//! - [`init`]: process 1
//! - [`row`], [`cgroups`]: what the guest is to be
//! - [`verdict`]: the checks and the line
//! - [`stage`]: two containers made by hand, and an engine that knows of them; [`counted`], [`fallback`],
//!   [`verifier`], [`with_docker`]: what must be true

#![expect(clippy::expect_used, clippy::panic, reason = "a check that cannot go on has failed")]

mod cgroups;
mod counted;
mod cpu;
mod fallback;
mod init;
mod row;
mod stage;
mod verdict;
mod verifier;
mod with_docker;

use std::io::Read;
use std::net::TcpStream;
use std::process::ExitCode;

use row::Row;
use verdict::Verdict;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("check") => check(),
        Some("connect") => connect(&words.next().unwrap_or_default(), &words.next().unwrap_or_default()),
        _ if std::process::id() == 1 => init::run(),
        other => {
            eprintln!("{other:?}: this is the first process of a guest; `cargo xtask vm` boots one");
            ExitCode::FAILURE
        }
    }
}

fn check() -> ExitCode {
    let row = match Row::read() {
        Ok(row) => row,
        Err(error) => {
            println!("vm: failed: {error}");
            return ExitCode::SUCCESS;
        }
    };
    let mut verdict = Verdict::default();
    match &row.falls_back {
        Some(reason) => fallback::check(&row, reason, &mut verdict),
        None => counted::check(&row, &mut verdict),
    }
    if row.docker {
        with_docker::check(&row, &mut verdict);
    }
    verdict.print();
    ExitCode::SUCCESS
}

/// Opens connections and holds them until standard input ends.
fn connect(to: &str, count: &str) -> ExitCode {
    let count = count.parse().unwrap_or(0);
    let connections: Vec<_> = (0..count).map_while(|_| TcpStream::connect(to).ok()).collect();
    println!("connected {}", connections.len());
    let _ended = std::io::stdin().read(&mut [0]);
    ExitCode::SUCCESS
}
