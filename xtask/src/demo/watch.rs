//! Shows the table until its time is over: in place on a terminal, as block after block elsewhere.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{
    agent::Agent,
    containers::{Cast, Member},
    interrupt::Interrupt,
    table::{self, Row},
};

/// The agent has new figures this often.
const ON_TERMINAL: Duration = Duration::from_secs(1);
const ELSEWHERE: Duration = Duration::from_secs(5);
/// To the start of the line so many up, and clear from there to the end of the screen.
const UP: &str = "\x1b[";
const AND_CLEAR: &str = "F\x1b[J";

/// Shows figures for `time`; gives the bytes that the container on the host's network sent meanwhile, as far as the
/// agent counts them.
pub(super) fn watch(agent: &mut Agent, cast: &Cast, time: Duration, interrupt: &Interrupt) -> Result<Option<u64>> {
    let host = cast.on_the_hosts_network();
    let mut screen = Screen::new(io::stdout().is_terminal());
    let mut counters = Vec::new();
    let start = Instant::now();
    let mut next = start;
    loop {
        agent.must_run()?;
        let node = agent.api.node()?;
        let mut rows = Vec::new();
        for member in cast.all() {
            let figures = agent.api.container(&member.id)?;
            if member.id == host.id {
                counters.extend(figures.as_ref().and_then(|figures| figures.counters.tx_bytes));
            }
            rows.push(Row {
                name: member.name.clone(),
                figures,
            });
        }
        screen
            .show(&table::render(node.as_ref(), &rows))
            .context("showing the table")?;
        let end = start + time;
        if Instant::now() >= end {
            break;
        }
        next += screen.interval;
        interrupt.sleep_until(next.min(end))?;
    }
    Ok(counters
        .first()
        .zip(counters.last())
        .map(|(first, last)| last.saturating_sub(*first)))
}

/// The one figure that no other tool shows.
pub(super) fn what_docker_cannot_see(host: &Member, sent: Option<u64>, docker: Option<&str>) -> Option<String> {
    let (sent, docker) = (sent.filter(|sent| *sent > 0)?, docker?);
    Some(format!(
        "{} sent {} while you watched; `docker stats` shows {docker} for it: a container on the host's network has no \
         interface of its own that Docker could read.",
        host.name,
        table::size(sent),
    ))
}

struct Screen {
    in_place: bool,
    interval: Duration,
    lines_shown: usize,
}

impl Screen {
    fn new(in_place: bool) -> Self {
        Self {
            in_place,
            interval: if in_place { ON_TERMINAL } else { ELSEWHERE },
            lines_shown: 0,
        }
    }

    fn show(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(self.frame(text).as_bytes())?;
        out.flush()
    }

    fn frame(&mut self, text: &str) -> String {
        let before = match (self.in_place, self.lines_shown) {
            (true, 0) => String::new(),
            (true, lines) => format!("{UP}{lines}{AND_CLEAR}"),
            (false, _) => "\n".to_owned(),
        };
        self.lines_shown = text.lines().count();
        format!("{before}{text}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_written_over_and_a_file_is_written_on() {
        let mut terminal = Screen::new(true);
        assert_eq!(terminal.frame("a\nb"), "a\nb\n");
        assert_eq!(terminal.frame("c\nd"), "\x1b[2F\x1b[Jc\nd\n");
        let mut file = Screen::new(false);
        assert_eq!(file.frame("a"), "\na\n");
        assert_eq!(file.frame("b"), "\nb\n");
    }

    #[test]
    fn nothing_is_said_of_what_was_not_counted() {
        let host = Member {
            id: "a".to_owned(),
            name: "demo-host-1".to_owned(),
        };
        assert_eq!(what_docker_cannot_see(&host, None, Some("0B / 0B")), None);
        assert_eq!(what_docker_cannot_see(&host, Some(0), Some("0B / 0B")), None);
        assert_eq!(what_docker_cannot_see(&host, Some(1), None), None);
        let said = what_docker_cannot_see(&host, Some(20 << 20), Some("0B / 0B")).unwrap();
        assert!(
            said.starts_with("demo-host-1 sent 20.0 MiB while you watched; `docker stats` shows 0B / 0B"),
            "{said}"
        );
    }
}
