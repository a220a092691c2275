//! What is told once: a plain table, or the agent's reply.

use std::io::{self, Write as _};

use super::{
    columns::{Column, is_figure},
    order,
    troubles::with_docker,
};
use crate::client::{
    Access, Answer, Client, ClientError, block_on,
    orders::{DEADLINE, document, print},
    path_of,
    reply::Snapshot,
    text::{self, Align},
};

pub(super) fn json(access: &Access) -> Result<u8, ClientError> {
    Ok(print(&document(&ask(access)?)?))
}

pub(super) fn table(access: &Access) -> Result<u8, ClientError> {
    let snapshot = ask(access)?.read()?;
    let code = print(&plain(&snapshot));
    if let Some(trouble) = with_docker(&snapshot.node) {
        // beside the table, which may be for a program
        let _ = writeln!(io::stderr(), "balancer-agent: {trouble}");
    }
    Ok(code)
}

fn ask(access: &Access) -> Result<Answer, ClientError> {
    block_on(async {
        let mut client = Client::new(access)?;
        client.get(&path_of(&["containers", "status"], &[]), DEADLINE).await
    })
    .map_err(|error| ClientError::Local(error.to_string()))?
}

/// All columns and all of each, in the order in which the live table begins.
fn plain(snapshot: &Snapshot) -> String {
    let headings = Column::ALL.map(|column| {
        let align = if is_figure(column) { Align::Right } else { Align::Left };
        (column.heading(), align)
    });
    let rows: Vec<_> = order::rows(&snapshot.containers, order::Sort::default(), "")
        .into_iter()
        .map(|container| {
            let cell = |column: &Column| column.cell(container, snapshot.sampled_at_ms);
            Column::ALL.iter().map(cell).collect()
        })
        .collect();
    text::table(&headings, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_table_has_all_columns_and_dashes_for_what_was_not_measured() {
        let snapshot: Snapshot = serde_json::from_str(
            r#"{"seq":1,"sampled_at_ms":60000,"containers":[
              {"id":"b","name":"web-1","service":"web","cpu":44.04,"memory":20971520,"free_memory":1073741824,
               "net":{"rx":0.0,"tx":1536.0},"source":"ebpf","started_at_ms":0},
              {"id":"a","name":"new\u001b","error":"data not ready"}]}"#,
        )
        .unwrap();
        let told = plain(&snapshot);
        let rows: Vec<Vec<_>> = told
            .lines()
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        assert_eq!(
            rows,
            [
                [
                    "NAME", "SERVICE", "CPU %", "MEM", "FREE", "RX/s", "TX/s", "SOURCE", "UPTIME"
                ],
                ["web-1", "web", "44.0%", "20.0M", "1.0G", "0B", "1.5K", "ebpf", "1m00s"],
                ["new\\u{1b}", "-", "-", "-", "-", "-", "-", "-", "-"],
            ]
        );
    }
}
