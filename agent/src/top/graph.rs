//! The past of one figure as a graph of blocks. What was not measured stays a gap, and is no zero.

use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::client::reply::History;

/// A ninth of them is nothing at all; what was measured and is zero has the lowest.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS: f64 = 8.0;
const GAP: &str = "·";

/// A point a column: the mean of what was measured in its time. `slots` is how many points the whole time has; the
/// points given are the last of them, but for as many as nothing was measured in `since`.
pub(super) fn resample(points: &[Option<f64>], since: usize, slots: usize, columns: usize) -> Vec<Option<f64>> {
    let slots = slots.max(1);
    let since = since.min(slots);
    let points = points
        .get(points.len().saturating_sub(slots - since)..)
        .unwrap_or_default();
    let before = slots - since - points.len();
    let point = |slot: usize| points.get(slot.checked_sub(before)?).copied().flatten();
    (0..columns)
        .map(|column| {
            let from = column * slots / columns;
            let to = ((column + 1) * slots / columns).max(from + 1);
            mean((from..to).filter_map(point))
        })
        .collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values
        .filter(|value| value.is_finite())
        .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The largest of what was measured.
pub(super) fn largest(points: &[Option<f64>]) -> Option<f64> {
    points.iter().flatten().copied().reduce(f64::max)
}

/// How many whole steps have passed since the last of so many points: nothing was measured in them.
pub(super) fn steps_since(history: &History, points: usize, now_ms: Option<i64>) -> usize {
    let passed = now_ms.zip(history.from_ms).and_then(|(now_ms, from_ms)| {
        let told_ms = i64::try_from(history.step_ms)
            .ok()?
            .checked_mul(points.try_into().ok()?)?;
        u64::try_from(now_ms.checked_sub(from_ms)?.checked_sub(told_ms)?).ok()
    });
    usize::try_from(passed.unwrap_or(0) / history.step_ms.max(1)).unwrap_or(usize::MAX)
}

/// Columns from the bottom up; `top` reaches the upper edge.
pub(super) struct Graph<'a> {
    pub(super) points: &'a [Option<f64>],
    pub(super) top: f64,
    pub(super) bars: Style,
    pub(super) gaps: Style,
}

impl Widget for Graph<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        for (x, point) in (area.left()..area.right()).zip(self.points) {
            let Some(value) = point else {
                if area.height > 0 {
                    buffer.set_string(x, area.bottom() - 1, GAP, self.gaps);
                }
                continue;
            };
            let height = height(*value, self.top, area.height);
            for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
                if let Some(block) = block(height, row) {
                    buffer.set_string(x, y, block.to_string(), self.bars);
                }
            }
        }
    }
}

/// Eighths of a row that a value takes, at least one.
fn height(value: f64, top: f64, rows: u16) -> usize {
    let share = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the rows of a screen"
    )]
    let eighths = (share * f64::from(rows) * EIGHTHS).round() as usize;
    eighths.max(1)
}

fn block(height: usize, row: usize) -> Option<char> {
    let here = height.checked_sub(row * BLOCKS.len())?.min(BLOCKS.len());
    BLOCKS.get(here.checked_sub(1)?).copied()
}

/// A figure as one block of its height.
pub(super) fn spark(value: f64, top: f64) -> char {
    block(height(value, top, 1), 0).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: Option<f64> = None;

    #[test]
    fn a_column_is_the_mean_of_what_was_measured_and_a_gap_where_nothing_was() {
        let points = [Some(1.0), Some(3.0), N, Some(4.0), N, N];
        for (slots, columns, expected) in [
            (6, 6, points.to_vec()),
            (6, 3, vec![Some(2.0), Some(4.0), N]),
            (6, 2, vec![Some(2.0), Some(4.0)]),
            // a young agent: what was before it is a gap
            (12, 4, vec![N, N, Some(2.0), Some(4.0)]),
            // more than the time has
            (2, 2, vec![N, N]),
            // more columns than points
            (3, 6, vec![Some(4.0), Some(4.0), N, N, N, N]),
            (0, 1, vec![N]),
            (6, 0, vec![]),
        ] {
            assert_eq!(resample(&points, 0, slots, columns), expected, "{slots} {columns}");
        }
        assert_eq!(resample(&[], 0, 3, 2), [N, N]);
        assert_eq!(resample(&[Some(f64::NAN)], 0, 1, 1), [N]);
        assert_eq!((largest(&points), largest(&[N])), (Some(4.0), N));
    }

    #[test]
    fn what_ended_is_not_drawn_as_if_it_were_now() {
        let points = [Some(1.0), Some(2.0)];
        assert_eq!(resample(&points, 2, 5, 5), [N, Some(1.0), Some(2.0), N, N]);
        assert_eq!(resample(&points, 2, 3, 3), [Some(2.0), N, N]);
        assert_eq!(resample(&points, 9, 3, 3), [N, N, N]);
        let history = History {
            step_ms: 1000,
            from_ms: Some(10_000),
            ..History::default()
        };
        for (now_ms, steps) in [
            (Some(12_000), 0),
            (Some(12_999), 0),
            (Some(15_500), 3),
            (Some(0), 0),
            (None, 0),
        ] {
            assert_eq!(steps_since(&history, 2, now_ms), steps, "{now_ms:?}");
        }
    }

    #[test]
    fn a_gap_looks_unlike_a_zero() {
        let area = Rect::new(0, 0, 6, 2);
        let mut buffer = Buffer::empty(area);
        let points = [Some(0.0), N, Some(50.0), Some(75.0), Some(100.0), Some(500.0)];
        let graph = Graph {
            points: &points,
            top: 100.0,
            bars: Style::new(),
            gaps: Style::new(),
        };
        graph.render(area, &mut buffer);
        let row = |y| -> String {
            (0..6)
                .filter_map(|x| buffer.cell((x, y)).map(|cell| cell.symbol().to_owned()))
                .collect()
        };
        assert_eq!([row(0), row(1)], ["   ▄██", "▁·████"]);
    }

    #[test]
    fn nothing_is_drawn_beyond_the_screen() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        let graph = Graph {
            points: &[Some(1.0); 9],
            top: 0.0,
            bars: Style::new(),
            gaps: Style::new(),
        };
        graph.render(Rect::new(1, 0, 9, 9), &mut buffer);
        assert_eq!(buffer.cell((1, 0)).map(ratatui::buffer::Cell::symbol), Some("▁"));
        assert_eq!(
            [spark(0.0, 100.0), spark(100.0, 100.0), spark(50.0, 100.0)],
            ['▁', '█', '▄']
        );
    }
}
