//! Chores of this repository, one file a command: `cargo xtask setup | run | demo | test | vm | check | accuracy |
//! bench | churn | image | package | fleet | fuzz | pictures`.
//!
//! It prints every command that it runs. It never compiles the kernel programs itself: `agent/build.rs` does, so that
//! a plain `cargo build` gives the same agent.

mod accuracy;
mod artifacts;
mod bench;
mod check;
mod churn;
mod command;
mod demo;
mod docker;
mod fleet;
mod fuzz;
mod generated;
mod image;
mod package;
mod packages;
mod pictures;
mod rules;
mod run;
mod setup;
mod test;
mod tools;
mod tree;
mod vm;
mod workers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what building the kernel programs needs; does nothing where all is there.
    Setup(setup::Args),
    /// Set up if needed, build, and run the agent as root; flags for the agent go after `--`.
    Run(run::Args),
    /// Set up if needed, and show the agent at work: containers under load in a table, removed at the end.
    Demo(demo::Args),
    /// Set up if needed and run the tests: those without root, then those with root and a Docker engine.
    Test(test::Args),
    /// Set up if needed, boot real kernels under QEMU and show the agent on each.
    Vm(vm::Args),
    /// Format, lints, dependencies, documentation and the rules of this repository.
    Check(check::Args),
    /// Run every accounting scenario and write its figures into docs/accuracy.md, or compare them with it.
    Accuracy(accuracy::Args),
    /// Measure the agent beside what users would pick instead, and write docs/performance.md.
    Bench(bench::Args),
    /// Containers made and removed as fast as it goes for an hour, and whether what the agent holds stays level.
    Churn(churn::Args),
    /// Docker engines joined into a Swarm on this machine, the agent on each, and containers moved between them.
    Fleet(fleet::Args),
    /// Try each parser of what callers and files may hold with made-up text.
    Fuzz(fuzz::Args),
    /// Take the pictures of the documents anew, of an agent that runs.
    Pictures(pictures::Args),
    /// Make a Docker image of the agent: one static file and nothing else.
    Image(image::Args),
    /// Make a Debian package of the agent, into target/debian.
    Package(package::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Setup(args) => setup::main(&args),
        Chore::Run(args) => run::main(&args),
        Chore::Demo(args) => demo::main(&args),
        Chore::Test(args) => test::main(&args),
        Chore::Vm(args) => vm::main(&args),
        Chore::Check(args) => check::main(&args),
        Chore::Accuracy(args) => accuracy::main(&args),
        Chore::Bench(args) => bench::main(&args),
        Chore::Churn(args) => churn::main(&args),
        Chore::Fleet(args) => fleet::main(&args),
        Chore::Fuzz(args) => fuzz::main(&args),
        Chore::Pictures(args) => pictures::main(&args),
        Chore::Image(args) => image::main(&args),
        Chore::Package(args) => package::main(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
