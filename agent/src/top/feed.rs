//! What asks the agent: for each snapshot as it comes, and for the past of one container.

use std::time::{Duration, Instant};

use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::model::{Past, Trouble, Update, Wanted};
use crate::client::{
    Client, ClientError,
    orders::DEADLINE,
    path_of,
    reply::{History, Snapshot},
};

/// Beyond two intervals, which the next snapshot takes at most.
const WAIT_GRACE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// An agent that does not wait is not asked more often.
const LEAST_BETWEEN: Duration = Duration::from_millis(500);

/// The snapshot that was heard last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    run: String,
    seq: u64,
    interval: Duration,
}

/// Tells every snapshot and every failure. Ends when nobody listens.
pub(super) async fn follow(mut client: Client, updates: mpsc::Sender<Update>) {
    let mut heard: Option<Heard> = None;
    let mut failures = 0;
    loop {
        let asked = Instant::now();
        match next(&mut client, heard.as_ref()).await {
            Ok((snapshot, age)) => {
                failures = 0;
                let now = Heard {
                    run: snapshot.run.clone(),
                    seq: snapshot.seq,
                    interval: snapshot.interval_ms.map_or(Duration::ZERO, Duration::from_millis),
                };
                if heard.as_ref() == Some(&now) {
                    sleep(LEAST_BETWEEN.saturating_sub(asked.elapsed())).await;
                    continue;
                }
                heard = Some(now);
                if updates.send(Update::Snapshot { snapshot, age }).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                // The agent may have been started anew, and then counts from the beginning. That a kept connection
                // was closed is no failure yet.
                let at_once = heard.take().is_some() && matches!(error, ClientError::Unreachable { .. });
                if at_once {
                    continue;
                }
                failures += 1;
                if updates.send(Update::Failed(trouble(&error))).await.is_err() {
                    return;
                }
                sleep(pause(failures)).await;
            }
        }
    }
}

/// The first snapshot, or the one after `heard`.
async fn next(client: &mut Client, heard: Option<&Heard>) -> Result<(Snapshot, Option<Duration>), ClientError> {
    let seq = heard.map(|heard| heard.seq.to_string());
    let query: Vec<_> = seq.iter().map(|seq| ("wait", seq.as_str())).collect();
    let deadline = heard.map_or(DEADLINE, |heard| heard.interval * 2 + WAIT_GRACE);
    let answer = client
        .get(&path_of(&["containers", "status"], &query), deadline)
        .await?;
    let snapshot: Snapshot = answer.read()?;
    // Whole seconds: less than that is what a reply takes, and no age.
    let age = answer
        .age_of(snapshot.sampled_at_ms)
        .filter(|age| *age > Duration::from_secs(1));
    Ok((snapshot, age))
}

fn trouble(error: &ClientError) -> Trouble {
    Trouble {
        is_away: matches!(error, ClientError::Unreachable { .. }),
        said: error.to_string(),
    }
}

/// Before the next try: a quarter of a second, and twice that each time.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

/// Tells the past that is wanted, again and again while it is. Ends when nobody listens.
pub(super) async fn recall(
    mut client: Client,
    mut wanted: watch::Receiver<Option<Wanted>>,
    updates: mpsc::Sender<Update>,
) {
    loop {
        let Some(of) = wanted.borrow_and_update().clone() else {
            if wanted.changed().await.is_err() {
                return;
            }
            continue;
        };
        let asked = async {
            let past = past(&mut client, &of).await;
            updates.send(Update::Past(of.clone(), past)).await.is_ok()
        };
        tokio::select! {
            heard = asked => if !heard { return },
            changed = wanted.changed() => if changed.is_err() { return } else { continue },
        }
        tokio::select! {
            () = sleep(of.window.refresh()) => {}
            changed = wanted.changed() => if changed.is_err() { return },
        }
    }
}

async fn past(client: &mut Client, of: &Wanted) -> Past {
    let path = path_of(&["container", &of.id, "history"], &[("window", of.window.name())]);
    let mut asked = client.get(&path, DEADLINE).await;
    if matches!(asked, Err(ClientError::Unreachable { .. })) {
        // the connection that was kept may have been closed
        asked = client.get(&path, DEADLINE).await;
    }
    match asked.and_then(|answer| answer.read::<History>()) {
        Ok(history) => Past::Known(history),
        Err(error) => Past::Unknown(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_to_a_bound() {
        for (failures, ms) in [(1, 250), (2, 500), (3, 1000), (5, 4000), (6, 5000), (u32::MAX, 5000)] {
            assert_eq!(pause(failures), Duration::from_millis(ms), "{failures}");
        }
    }
}
