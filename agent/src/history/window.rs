//! What a window of time comes to: mean, median, 95th percentile, maximum. Pure.

use super::point::{Metric, Point};

/// Of one metric over the points in which it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The median. This and `p95` are values that were measured (nearest rank), not ones between two.
    pub p50: f64,
    /// At least 95 of 100 points are not above it.
    pub p95: f64,
    /// The highest point.
    pub max: f64,
}

/// All metrics of one container over a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Points in which anything was measured.
    pub points: usize,
    spreads: [Option<Spread>; Metric::ALL.len()],
}

impl Summary {
    /// Of these points.
    pub fn of(points: &[Point]) -> Self {
        let spread = |metric| {
            let values = points.iter().filter_map(|point| point.get(metric).map(f64::from));
            Spread::of(values.collect())
        };
        Self {
            points: points.iter().filter(|point| **point != Point::NOTHING).count(),
            spreads: Metric::ALL.map(spread),
        }
    }

    /// One metric; `None` where it was not measured.
    pub fn get(&self, metric: Metric) -> Option<Spread> {
        self.spreads[metric as usize]
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let max = *values.last()?;
        #[expect(clippy::cast_precision_loss, reason = "a window has hundreds of points")]
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let nearest = |percent: usize| values[(values.len() * percent).div_ceil(100).max(1) - 1];
        Some(Self {
            mean,
            p50: nearest(50),
            p95: nearest(95),
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[Option<f32>]) -> Vec<Point> {
        values
            .iter()
            .map(|value| Point([*value, None, Some(1.0), None]))
            .collect()
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<_> = (1..=100_u8).map(|value| Some(f32::from(value))).collect();
        let cpu = Summary::of(&points(&values)).get(Metric::Cpu).unwrap();
        assert_eq!((cpu.p50, cpu.p95, cpu.max), (50.0, 95.0, 100.0));
        assert!((cpu.mean - 50.5).abs() < 1e-9);
    }

    #[test]
    fn one_point_is_all_of_them_and_none_is_nothing() {
        let one = Summary::of(&points(&[None, Some(7.0)]));
        let seven = Spread {
            mean: 7.0,
            p50: 7.0,
            p95: 7.0,
            max: 7.0,
        };
        assert_eq!((one.points, one.get(Metric::Cpu)), (2, Some(seven)));
        assert_eq!(one.get(Metric::Memory), None);
        assert_eq!(Summary::of(&[]).points, 0);
    }
}
