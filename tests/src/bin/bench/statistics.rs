//! Medians, spreads and ratios: no I/O.

use serde::Serialize;

/// What several runs of one measurement gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// The middle run; of an even number, the mean of the two in the middle.
    pub(crate) median: f64,
    /// The lowest run.
    pub(crate) low: f64,
    /// The highest run.
    pub(crate) high: f64,
    /// How many runs there were.
    pub(crate) runs: usize,
}

impl Figure {
    /// `None` without a run, or where one is not a number.
    pub(crate) fn of(runs: &[f64]) -> Option<Self> {
        if runs.is_empty() || runs.iter().any(|run| !run.is_finite()) {
            return None;
        }
        let mut sorted = runs.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: middle(&sorted),
            low: sorted[0],
            high: sorted[sorted.len() - 1],
            runs: sorted.len(),
        })
    }

    /// A figure that is counted, not measured: it has no spread.
    pub(crate) fn counted(value: f64) -> Self {
        Self {
            median: value,
            low: value,
            high: value,
            runs: 1,
        }
    }
}

fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        f64::midpoint(sorted[half - 1], sorted[half])
    }
}

/// The smallest run that at least `percent` of all runs do not exceed.
pub(crate) fn percentile(runs: &[f64], percent: f64) -> Option<f64> {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank"
    )]
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// The middle of `theirs / ours` over pairs that were measured together.
pub(crate) fn ratio(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    let pairs: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| theirs / ours).collect();
    Figure::of(&pairs).map(|figure| figure.median)
}

/// The straight line of least squares through `points`: what each step along x adds to y.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a handful of points")]
    let count = points.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let together: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = together / spread;
    slope.is_finite().then_some(slope)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_run_whatever_the_order() {
        let figure = Figure::of(&[9.0, 1.0, 4.0]).unwrap();
        assert_eq!(
            (figure.median, figure.low, figure.high, figure.runs),
            (4.0, 1.0, 9.0, 3)
        );
        assert_eq!(Figure::of(&[4.0, 1.0, 3.0, 2.0]).unwrap().median, 2.5);
        assert_eq!(Figure::of(&[7.0]).unwrap().median, 7.0);
    }

    #[test]
    fn no_runs_and_runs_that_are_no_numbers_give_no_figure() {
        assert_eq!(Figure::of(&[]), None);
        assert_eq!(Figure::of(&[1.0, f64::NAN]), None);
        assert_eq!(Figure::of(&[f64::INFINITY]), None);
    }

    #[test]
    fn a_percentile_is_one_of_the_runs() {
        let runs: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&runs, 50.0), Some(50.0));
        assert_eq!(percentile(&runs, 99.0), Some(99.0));
        assert_eq!(percentile(&runs, 100.0), Some(100.0));
        assert_eq!(percentile(&[3.0], 99.9), Some(3.0));
        assert_eq!(percentile(&[3.0, 8.0], 0.0), Some(3.0));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn ratios_are_taken_pair_by_pair() {
        // the machine was slow in the second window, for both
        assert_eq!(ratio(&[1.0, 4.0, 2.0], &[10.0, 40.0, 30.0]), Some(10.0));
        assert_eq!(ratio(&[0.0], &[10.0]), None, "nothing is no multiple of nothing");
        assert_eq!(ratio(&[], &[]), None);
    }

    #[test]
    fn the_slope_is_that_of_the_line() {
        assert_eq!(slope(&[(1.0, 3.0), (2.0, 5.0), (3.0, 7.0)]), Some(2.0));
        assert_eq!(slope(&[(10.0, 3.0)]), None, "one point is no line");
        assert_eq!(slope(&[]), None);
    }
}
