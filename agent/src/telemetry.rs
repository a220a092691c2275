//! Logging to stderr.

use std::io::IsTerminal as _;

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Loud libraries, which never say more than `info`: bollard writes whole replies at `debug`, and with them the
/// environment of containers, which is where people keep secrets.
const CAPPED: [&str; 3] = ["bollard", "hyper", "hyper_util"];

/// The target of the lines that tell who changed what: they are written whatever the filter says.
pub const AUDIT: &str = "audit";

/// Starts logging. `filter` has been checked with the rest of the configuration.
pub fn start(filter: &str) {
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let filter = within_caps(&filter.parse().unwrap_or_default());
    tracing_subscriber::registry().with(lines).with(filter).init();
}

/// What was asked for, without what nobody may have. A module is named by the beginning of its path, so that a cap holds
/// for all of a library.
fn within_caps(asked: &Targets) -> Targets {
    let all = asked.default_level().unwrap_or(LevelFilter::OFF);
    let named = asked.iter().map(|(target, level)| {
        let is_capped = CAPPED.iter().any(|library| target.starts_with(library));
        (
            target.to_owned(),
            if is_capped { level.min(LevelFilter::INFO) } else { level },
        )
    });
    let caps = CAPPED.map(|library| (library.to_owned(), all.min(LevelFilter::INFO)));
    Targets::new()
        .with_default(all)
        // of two for one target the later holds
        .with_targets(caps.into_iter().chain(named))
        .with_target(AUDIT, LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn what_libraries_say_of_replies_is_never_logged_and_what_was_changed_always() {
        for asked in [
            "off",
            "trace",
            "bollard=trace",
            "bollard::read=trace,hyper=debug",
            "warn,hyper_util::client=trace",
            "audit=off",
            "balancer_agent=debug",
        ] {
            let filter = within_caps(&asked.parse().unwrap());
            for module in [
                "bollard",
                "bollard::read",
                "hyper::proto::h1",
                "hyper_util::client::legacy",
            ] {
                assert!(!filter.would_enable(module, &Level::DEBUG), "{asked}: {module}");
            }
            assert!(filter.would_enable(AUDIT, &Level::INFO), "{asked}");
        }
    }

    #[test]
    fn all_else_is_logged_as_asked_for() {
        for (asked, module, level, is_logged) in [
            ("info", "balancer_agent::docker", Level::INFO, true),
            ("info", "balancer_agent::docker", Level::DEBUG, false),
            (
                "warn,balancer_agent=debug",
                "balancer_agent::docker",
                Level::DEBUG,
                true,
            ),
            ("warn,balancer_agent=debug", "aya", Level::INFO, false),
            ("warn", "bollard::docker", Level::INFO, false),
            ("info", "bollard::docker", Level::INFO, true),
            ("info,bollard=off", "bollard::docker", Level::ERROR, false),
            ("balancer_agent=debug", "aya", Level::ERROR, false),
        ] {
            let filter = within_caps(&asked.parse().unwrap());
            assert_eq!(
                filter.would_enable(module, &level),
                is_logged,
                "{asked}: {module} {level}"
            );
        }
    }
}
