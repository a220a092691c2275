use super::*;
use crate::containers::{Container, RunState};

const SECOND: u64 = 1_000_000_000;

fn cpu(value: f32) -> Point {
    Point([Some(value), None, None, None])
}

fn at(second: u64) -> Moment {
    Moment {
        at_ns: second * SECOND,
        wall_ns: (1_000_000 + second) * SECOND,
    }
}

fn id(number: usize) -> ContainerId {
    format!("{number:064x}").parse().unwrap()
}

fn table(running: &[usize], ended: &[usize]) -> ContainerTable {
    let container = |number: usize, state| {
        let container = Container {
            state,
            ..Container::unknown(id(number))
        };
        (id(number), Arc::new(container))
    };
    let running = running.iter().map(|number| container(*number, RunState::Running));
    let ended = ended.iter().map(|number| container(*number, RunState::NotRunning));
    ContainerTable {
        by_id: running.chain(ended).collect(),
        ..ContainerTable::default()
    }
}

#[test]
fn each_span_has_its_distance_and_times_are_of_the_wall_clock() {
    let history = History::new(Duration::from_secs(1));
    for second in 100..=400 {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        history.add(at(second), cpu(1.0), [(id(1), cpu(second as f32))].into_iter());
    }
    let fine = history.container(id(1), Span::FiveMinutes).unwrap();
    assert_eq!((fine.points.len(), fine.step_ns), (300, SECOND));
    assert_eq!(fine.first_ns, (1_000_000 + 101) * SECOND);
    assert_eq!(fine.points.last().unwrap().get(Metric::Cpu), Some(400.0));
    let hour = history.node(Span::Hour).unwrap();
    assert_eq!((hour.points.len(), hour.step_ns), (31, 10 * SECOND));
    let day = history.container(id(1), Span::Day).unwrap();
    assert_eq!((day.points.len(), day.step_ns), (6, 60 * SECOND));
    // the minute around 180 s, from 150 to 209
    let minute = day.points[1].get(Metric::Cpu).unwrap();
    assert!((minute - 179.5).abs() < 0.1, "{minute}");
    assert_eq!(history.container(id(2), Span::Day), None);
}

#[test]
fn samples_that_are_far_apart_leave_no_gaps() {
    let history = History::new(Duration::from_secs(30));
    for number in 0..10 {
        history.add(at(number * 30), cpu(1.0), std::iter::empty());
    }
    let fine = history.node(Span::FiveMinutes).unwrap();
    assert_eq!((fine.points.len(), fine.step_ns), (10, 30 * SECOND));
    assert!(fine.points.iter().all(|point| *point == cpu(1.0)));
}

#[test]
fn a_window_is_summed_up_for_those_that_were_measured_in_it() {
    let history = History::new(Duration::from_secs(1));
    history.add(
        at(1),
        Point::NOTHING,
        [(id(1), cpu(1.0)), (id(2), cpu(5.0))].into_iter(),
    );
    for second in 2..=20 {
        history.add(at(second), Point::NOTHING, [(id(2), cpu(6.0))].into_iter());
    }
    let ten = history.summaries(Duration::from_secs(10));
    assert_eq!(ten.keys().collect::<Vec<_>>(), [&id(2)]);
    assert_eq!(ten[&id(2)].points, 10);
    assert_eq!(history.summaries(Duration::from_mins(1)).len(), 2);
}

#[test]
fn what_it_keeps_is_bounded_whatever_comes_and_goes() {
    let history = History::new(Duration::from_secs(1));
    let everyone: Vec<usize> = (0..300).collect();
    for number in &everyone {
        history.add(
            at(*number as u64),
            Point::NOTHING,
            [(id(*number), cpu(1.0))].into_iter(),
        );
    }
    history.forget(&table(&[0, 1], &everyone[2..]));
    let kept = lock(&history.containers).len();
    assert_eq!(kept, 2 + MOST_ENDED);
    assert!(
        history.container(id(299), Span::Day).is_some(),
        "the last to end is kept"
    );
    assert!(history.container(id(2), Span::Day).is_none(), "the first is not");
    history.forget(&table(&[0], &[]));
    assert_eq!(lock(&history.containers).len(), 1);
}

#[test]
fn a_container_that_has_run_for_a_day_takes_less_than_20_kb() {
    let history = History::new(Duration::from_secs(1));
    for second in 0..100_000 {
        history.add(at(second), Point::NOTHING, [(id(1), cpu(1.0))].into_iter());
    }
    let bytes = history.bytes();
    assert!((19_000..20_000).contains(&bytes), "{bytes}");
}
