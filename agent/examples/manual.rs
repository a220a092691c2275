//! Writes the manual page and the completions of shells into a directory, from the command line's own description:
//! `cargo run --example manual -- DIR`. For packages; the agent itself carries neither.

use std::{env, fs, io, path::PathBuf};

use balancer_agent::cli;
use clap_complete::Shell;

/// A system administrator's command.
const SECTION: &str = "8";

fn main() -> io::Result<()> {
    let dir = env::args_os().nth(1).map(PathBuf::from);
    let dir = dir.ok_or_else(|| io::Error::other("name the directory to write into"))?;
    fs::create_dir_all(&dir)?;
    let mut command = cli::command();
    let page = clap_mangen::Man::new(command.clone()).section(SECTION);
    let mut text = Vec::new();
    page.render(&mut text)?;
    fs::write(dir.join(format!("balancer-agent.{SECTION}")), text)?;
    command.build();
    for chore in command.get_subcommands() {
        let name = format!("balancer-agent-{}", chore.get_name());
        let page = clap_mangen::Man::new(chore.clone())
            .section(SECTION)
            .title(name.clone());
        let mut text = Vec::new();
        page.render(&mut text)?;
        fs::write(dir.join(format!("{name}.{SECTION}")), text)?;
    }
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut cli::command(), "balancer-agent", &dir)?;
    }
    Ok(())
}
