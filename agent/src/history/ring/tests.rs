use proptest::prelude::*;

use super::{super::point::Fine, *};

fn cpu(value: f32) -> Point {
    Point([Some(value), None, None, None])
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn small(number: u64) -> f32 {
    number as f32
}

fn values(points: &Points) -> Vec<Option<f32>> {
    points.points.iter().map(|point| point.get(Metric::Cpu)).collect()
}

#[test]
fn a_step_is_the_mean_of_its_samples_and_the_open_one_is_told_too() {
    let mut ring = Ring::<Fine>::new(10, 5);
    for (at, value) in [(96, 1.0), (100, 3.0), (104, 5.0), (110, 7.0)] {
        ring.add(at, &cpu(value));
    }
    let points = ring.last(111, 5).unwrap();
    assert_eq!((points.first_ns, points.step_ns), (100, 10));
    assert_eq!(values(&points), [Some(3.0), Some(7.0)]);
}

#[test]
fn steps_without_samples_are_gaps() {
    let mut ring = Ring::<Fine>::new(10, 5);
    ring.add(100, &cpu(1.0));
    ring.add(130, &cpu(2.0));
    assert_eq!(values(&ring.last(130, 5).unwrap()), [Some(1.0), None, None, Some(2.0)]);
    // a sample in which nothing was measured is no point
    ring.add(140, &Point::NOTHING);
    assert_eq!(ring.last(140, 1), None);
}

#[test]
fn the_oldest_is_forgotten_and_a_long_gap_forgets_all() {
    let mut ring = Ring::<Fine>::new(10, 3);
    for step in 10..16_u8 {
        ring.add(u64::from(step) * 10, &cpu(f32::from(step)));
    }
    // three that are over and the open one
    let all = ring.last(150, 100).unwrap();
    assert_eq!(values(&all), [12.0, 13.0, 14.0, 15.0].map(Some));
    assert_eq!(values(&ring.last(150, 2).unwrap()), [Some(14.0), Some(15.0)]);
    ring.add(1000, &cpu(1.0));
    ring.add(1010, &cpu(2.0));
    assert_eq!(values(&ring.last(1010, 100).unwrap()), [Some(1.0), Some(2.0)]);
    assert_eq!(ring.last(2000, 3), None, "what is older than the window is not in it");
}

proptest! {
    #[test]
    fn it_never_holds_more_than_it_may_and_every_point_is_where_it_belongs(
        gaps in prop::collection::vec(1_u64..40, 1..300)
    ) {
        let mut ring = Ring::<Fine>::new(10, 20);
        let mut last = 0;
        for gap in gaps {
            last += gap * 10;
            ring.add(last, &cpu(small(last)));
        }
        prop_assert!(ring.points.len() <= 20 && ring.bytes() <= 20 * size_of::<Fine>());
        let points = ring.last(last, 1000).unwrap();
        for (index, value) in values(&points).into_iter().enumerate() {
            let at = small(points.first_ns + index as u64 * 10);
            prop_assert!(value.is_none_or(|value| value.to_bits() == at.to_bits()), "{value:?} at {at}");
        }
        prop_assert_eq!(values(&points).last().copied().flatten().map(f32::to_bits), Some(small(last).to_bits()));
    }
}
