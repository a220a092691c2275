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
/// Two of the longest intervals.
const FIRST_PATIENCE: Duration = Duration::from_mins(2);
/// To the start of the line so many up, and clear from there to the end of the screen.
const UP: &str = "\x1b[";
const AND_CLEAR: &str = "F\x1b[J";

/// Shows figures for `time`; gives the bytes that the container on the host's network sent meanwhile, as far as the
/// agent counts them.
pub(super) fn watch(agent: &mut Agent, cast: &Cast, time: Duration, interrupt: &Interrupt) -> Result<Option<f64>> {
    let mut screen = Screen::new(io::stdout().is_terminal());
    let mut sent = Vec::new();
    // The agent promises figures within two intervals; until then there is nothing to show.
    let mut rows = interrupt.wait_for("figures of the containers", FIRST_PATIENCE, || {
        let rows = look(agent, cast)?;
        Ok(rows.iter().all(|row| row.figures.is_some()).then_some(rows))
    })?;
    let end = Instant::now() + time;
    let mut next = Instant::now();
    loop {
        let host = rows.last().and_then(|row| row.figures.as_ref());
        sent.extend(host.and_then(|figures| figures.counters.tx_bytes));
        let node = agent.api.node()?;
        screen
            .show(&table::render(node.as_ref(), &rows))
            .context("showing the table")?;
        if Instant::now() >= end {
            break;
        }
        next += screen.interval;
        interrupt.sleep_until(next.min(end))?;
        rows = look(agent, cast)?;
    }
    Ok(sent.first().zip(sent.last()).map(|(first, last)| last - first))
}

/// One row a container, in the order of the cast.
fn look(agent: &mut Agent, cast: &Cast) -> Result<Vec<Row>> {
    agent.must_run()?;
    let mut rows = Vec::new();
    for member in cast.all() {
        rows.push(Row {
            name: member.name.clone(),
            figures: agent.api.container(&member.id)?,
        });
    }
    Ok(rows)
}

/// The one figure that no other tool shows.
pub(super) fn what_docker_cannot_see(host: &Member, sent: Option<f64>, docker: Option<&str>) -> Option<String> {
    let (sent, docker) = (sent.filter(|sent| *sent > 0.0)?, docker?);
    Some(format!(
        "{} sent {} while you watched; `docker stats` shows {docker} for it: a container on the host's network has no \
         interface of its own that Docker could read.",
        host.name,
        table::decimal(sent),
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
        assert_eq!(what_docker_cannot_see(&host, Some(0.0), Some("0B / 0B")), None);
        assert_eq!(what_docker_cannot_see(&host, Some(1.0), None), None);
        let said = what_docker_cannot_see(&host, Some(2e7), Some("0B / 0B")).unwrap();
        assert!(
            said.starts_with("demo-host-1 sent 20.00 MB while you watched; `docker stats` shows 0B / 0B"),
            "{said}"
        );
    }
}
