use std::time::Duration;

use super::*;

const RUN: RunId = RunId(7);

fn tick(seq: u64) -> Event {
    Event::Snapshot {
        seq,
        sampled_at_ms: 0,
        containers: 0,
    }
}

fn log(events: u64) -> EventLog {
    let log = EventLog::new(RUN);
    (1..=events).for_each(|seq| log.push(&tick(seq)));
    log
}

fn numbers(batch: &Batch) -> Vec<u64> {
    batch.events.iter().map(|event| event.number).collect()
}

#[tokio::test]
async fn a_reader_gets_each_event_once_and_waits_for_the_next() {
    let log = log(3);
    let mut place = log.place_after(None);
    let waits = tokio::time::timeout(Duration::from_millis(20), log.next(&mut place));
    assert!(waits.await.is_err());
    log.push(&tick(4));
    log.push(&tick(5));
    assert_eq!(numbers(&log.next(&mut place).await), [4, 5]);
    log.push(&tick(6));
    let batch = log.next(&mut place).await;
    assert_eq!((numbers(&batch), batch.lost), (vec![6], None));
}

#[tokio::test]
async fn a_reader_that_comes_back_goes_on_where_it_was() {
    let log = log(5);
    let mut place = log.place_after(Some((RUN, 3)));
    assert_eq!(numbers(&log.next(&mut place).await), [4, 5]);
}

#[tokio::test]
async fn who_falls_behind_learns_how_much_is_lost_and_goes_on_with_the_oldest() {
    let more = 10;
    let log = log(KEPT as u64 + more);
    let mut place = log.place_after(Some((RUN, 4)));
    let first = log.next(&mut place).await;
    assert_eq!(first.lost, Some(Lost { events: Some(more - 4) }));
    assert_eq!((first.events.len(), first.events[0].number), (BATCH, more + 1));
    let mut next = more + 1 + BATCH as u64;
    while next <= KEPT as u64 + more {
        let batch = log.next(&mut place).await;
        assert_eq!((batch.lost, batch.events[0].number), (None, next));
        next += batch.events.len() as u64;
    }
}

#[tokio::test]
async fn numbers_of_another_run_are_not_taken_for_this_ones() {
    let log = log(5);
    for seen in [(RunId(6), 3), (RUN, 99)] {
        let mut place = log.place_after(Some(seen));
        let batch = log.next(&mut place).await;
        assert_eq!((batch.lost, batch.events.len()), (Some(Lost { events: None }), 0));
        log.push(&tick(1));
        let batch = log.next(&mut place).await;
        assert_eq!((batch.lost, batch.events.len()), (None, 1));
    }
}

#[test]
fn a_run_is_written_and_read() {
    let run = RunId::started_at(1_790_000_000_123_000_000);
    assert_eq!(run.to_string().parse(), Ok(run));
    assert!("-1".parse::<RunId>().is_err());
}
