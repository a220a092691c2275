//! The tables of `docs/configuration.md`, made of the command line's own description.

use std::fmt::Write as _;

use clap::{Arg, Command};

use crate::pages::hold_part;

#[test]
fn the_page_of_configuration_is_what_the_command_line_says() {
    let command = super::command();
    let served = shown(&command);
    hold_part("configuration.md", "flags of the agent", &table(&served));

    // `doctor` and `healthcheck` take the flags of the agent, the others share how an agent is asked
    let with_flags_of_the_agent = |order: &&Command| shown(order).iter().any(|arg| served.contains(arg));
    let asking: Vec<_> = command
        .get_subcommands()
        .filter(|order| !with_flags_of_the_agent(order))
        .collect();
    let asked = asking
        .iter()
        .map(|order| shown(order))
        .reduce(|common, args| common.into_iter().filter(|arg| args.contains(arg)).collect())
        .unwrap_or_default();
    hold_part("configuration.md", "how an agent is asked", &table(&asked));

    let mut orders = String::new();
    for order in command.get_subcommands() {
        let about = order.get_long_about().or_else(|| order.get_about());
        let about = about.map(ToString::to_string).unwrap_or_default();
        let _ = write!(
            orders,
            "### `balancer-agent {}`\n\n{}.\n\n",
            order.get_name(),
            plain(&about)
        );
        let own = shown(order);
        let own: Vec<&Arg> = own
            .into_iter()
            .filter(|arg| !served.contains(arg) && !asked.contains(arg))
            .collect();
        if !own.is_empty() {
            let _ = writeln!(orders, "{}", table(&own));
        }
    }
    hold_part("configuration.md", "orders", &orders);
}

/// What is in the help of an order; what all orders have (`--help`) is not told.
fn shown(order: &Command) -> Vec<&Arg> {
    let shown = order.get_arguments().filter(|arg| !arg.is_hide_set());
    shown
        .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
        .collect()
}

fn table(args: &[&Arg]) -> String {
    let mut table = "| flag | variable | default | what |\n| --- | --- | --- | --- |\n".to_owned();
    for arg in args {
        let variable = arg.get_env().map(|name| format!("`{}`", name.display()));
        let defaults: Vec<_> = arg
            .get_default_values()
            .iter()
            .map(|value| value.display().to_string())
            .collect();
        let default = (!defaults.is_empty()).then(|| format!("`{}`", defaults.join(",")));
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {}{} |",
            flag(arg),
            variable.unwrap_or_default(),
            default.unwrap_or_default(),
            plain(&help).replace('|', "\\|"),
            choices(arg)
        );
    }
    table
}

/// `--name VALUE`, `--name[=VALUE]` where the value may be left out, or `VALUE` of what has no name.
fn flag(arg: &Arg) -> String {
    let values: Vec<_> = arg
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect();
    let values = values.join(" ");
    let takes = arg.get_action().takes_values();
    let Some(long) = arg.get_long() else {
        return values;
    };
    let is_optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    let value = match (takes, is_optional) {
        (false, _) => String::new(),
        (true, true) => format!("[={values}]"),
        (true, false) => format!(" {values}"),
    };
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    format!("{short}--{long}{value}")
}

/// What the values can be, if these are words to choose from.
fn choices(arg: &Arg) -> String {
    let choices: Vec<_> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values() && arg.get_num_args().is_none_or(|count| count.min_values() > 0))
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}`: {}", value.get_name(), plain(&help.to_string())),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if choices.is_empty() {
        String::new()
    } else {
        format!(". {}", choices.join("; "))
    }
}

/// Lines and paragraphs in one line, without the full stop at the end of it all.
fn plain(text: &str) -> String {
    let paragraphs: Vec<_> = text
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .map(|paragraph| paragraph.trim_end_matches('.').to_owned())
        .collect();
    paragraphs.join(". ")
}
