//! What the agent holds now.

use std::time::Instant;

use agent_tests::agent::Agent;
use agent_tests::process::{open_files, rss_kib};

use crate::flat::Seen;

/// One look from outside; `removed` is how many containers have come and gone.
#[track_caller]
pub(crate) fn seen(agent: &Agent, start: Instant, removed: u64) -> Seen {
    let status = agent.get("/status").must_be(200).json();
    Seen {
        at: start.elapsed(),
        removed,
        rss_kib: rss_kib(agent.pid),
        map_entries: status["agent"]["map_entries"]
            .as_u64()
            .expect("it counts in the kernel"),
        open_files: u64::try_from(open_files(agent.pid)).expect("a small number"),
    }
}
