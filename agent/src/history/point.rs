//! What one point of a history tells, and how it is kept: as it is for the last minutes, in half the room for the hours.

/// What is kept of a container, or of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Percent of one CPU.
    Cpu,
    /// Bytes in use.
    Memory,
    /// Bytes received a second.
    Received,
    /// Bytes sent a second.
    Sent,
}

impl Metric {
    /// All of them, in the order of a point's values.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Memory, Self::Received, Self::Sent];
}

/// The values of all metrics at one time; `None` is not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point(pub [Option<f32>; Metric::ALL.len()]);

impl Point {
    /// A point that tells nothing.
    pub const NOTHING: Self = Self([None; Metric::ALL.len()]);

    /// One metric's value.
    pub fn get(&self, metric: Metric) -> Option<f32> {
        self.0[metric as usize]
    }
}

/// A way to keep a point.
pub(super) trait Kept: Copy {
    fn keep(point: Point) -> Self;
    fn told(self) -> Point;
}

/// 16 bytes: the figures of the last minutes, which windows are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fine([f32; Metric::ALL.len()]);

impl Kept for Fine {
    fn keep(point: Point) -> Self {
        Self(point.0.map(|value| value.unwrap_or(f32::NAN)))
    }

    fn told(self) -> Point {
        Point(self.0.map(|value| (!value.is_nan()).then_some(value)))
    }
}

/// 8 bytes: figures for plots of hours, each to within 0.05 %.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coarse([u16; Metric::ALL.len()]);

impl Kept for Coarse {
    fn keep(point: Point) -> Self {
        Self(point.0.map(half::pack))
    }

    fn told(self) -> Point {
        Point(self.0.map(half::unpack))
    }
}

/// A number that is not negative in 16 bits: six of exponent, ten of fraction. It goes from 0.00003 (percent, bytes) to 280
/// tera; what is smaller is 0, what is larger the largest.
mod half {
    const NONE: u16 = u16::MAX;
    /// The largest that is not [`NONE`].
    const LARGEST: u32 = NONE as u32 - 1;
    /// Bits of a fraction that an `f32` has more.
    const CUT: u32 = 23 - 10;
    /// An `f32` counts its exponents from -127, this one from -16: its lowest stands for 0.
    const LOWEST: u32 = (127 - 16) << 10;

    pub(super) fn pack(value: Option<f32>) -> u16 {
        let Some(value) = value.filter(|value| !value.is_nan()) else {
            return NONE;
        };
        // to the nearest; a carry out of the fraction goes into the exponent, as it should
        let rounded = (value.max(0.0).to_bits() + (1 << (CUT - 1))) >> CUT;
        u16::try_from(rounded.saturating_sub(LOWEST).min(LARGEST)).unwrap_or(NONE)
    }

    pub(super) fn unpack(packed: u16) -> Option<f32> {
        match packed {
            NONE => None,
            // the lowest exponent
            0..1024 => Some(0.0),
            packed => Some(f32::from_bits((u32::from(packed) + LOWEST) << CUT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coarse(value: Option<f32>) -> Option<f32> {
        Coarse::keep(Point([value; 4])).told().get(Metric::Received)
    }

    #[test]
    fn what_is_not_measured_is_not_0() {
        assert_eq!((coarse(None), coarse(Some(f32::NAN))), (None, None));
        assert_eq!((coarse(Some(0.0)), coarse(Some(-1.0))), (Some(0.0), Some(0.0)));
        assert_eq!(Fine::keep(Point::NOTHING).told(), Point::NOTHING);
    }

    #[test]
    fn what_does_not_fit_is_the_largest_that_does() {
        assert!(coarse(Some(1e30)).unwrap() > 2e14);
        assert_eq!(coarse(Some(1e-9)), Some(0.0));
    }

    proptest! {
        #[test]
        fn a_coarse_value_is_within_a_twentieth_of_a_percent(value in 0.0001_f32..2e14) {
            let told = coarse(Some(value)).unwrap();
            prop_assert!((told - value).abs() <= value * 0.0005, "{value} became {told}");
        }
    }
}
