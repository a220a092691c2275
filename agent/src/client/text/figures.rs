//! Figures in at most six characters.

use std::time::Duration;

/// What stands where nothing was measured.
pub const NOT_MEASURED: &str = "-";

const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
const STEP: f64 = 1024.0;

/// Bytes, in units of 1024: `999B`, `1.5K`, `23.1M`, `1023G`.
pub fn bytes(count: Option<u64>) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    let count = count.map(|count| count as f64);
    rate(count)
}

/// Bytes a second, in the same units.
pub fn rate(bytes: Option<f64>) -> String {
    let Some(bytes) = bytes.filter(|bytes| bytes.is_finite()) else {
        return NOT_MEASURED.to_owned();
    };
    // What is less than a byte is not nothing.
    if bytes > 0.0 && bytes < 1.0 {
        return "<1B".to_owned();
    }
    if bytes.round() < 1000.0 {
        return format!("{bytes:.0}B");
    }
    let mut scaled = bytes;
    let mut unit = "B";
    for next in UNITS {
        scaled /= STEP;
        unit = next;
        if scaled.round() < STEP {
            break;
        }
    }
    if scaled < 99.95 {
        format!("{scaled:.1}{unit}")
    } else {
        format!("{scaled:.0}{unit}")
    }
}

/// Percent: `0.0%`, `44.0%`, `101.2%`, `1600%`.
pub fn percent(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite()) {
        None => NOT_MEASURED.to_owned(),
        Some(value) if value < 999.95 => format!("{value:.1}%"),
        Some(value) => format!("{value:.0}%"),
    }
}

/// A time in its two largest units: `7s`, `3m07s`, `2h05m`, `12d03h`.
pub fn duration(time: Option<Duration>) -> String {
    let Some(seconds) = time.map(|time| time.as_secs()) else {
        return NOT_MEASURED.to_owned();
    };
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, ..) => format!("{hours}h{:02}m", minutes % 60),
        (1..=99, ..) => format!("{days}d{:02}h", hours % 24),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_not_measured_is_no_zero() {
        assert_eq!(bytes(None), "-");
        assert_eq!(rate(None), "-");
        assert_eq!(rate(Some(f64::NAN)), "-");
        assert_eq!(percent(None), "-");
        assert_eq!(duration(None), "-");
        assert_eq!(
            [
                bytes(Some(0)),
                rate(Some(0.0)),
                percent(Some(0.0)),
                duration(Some(Duration::ZERO))
            ],
            ["0B", "0B", "0.0%", "0s"]
        );
    }

    #[test]
    fn bytes_have_three_digits_and_a_unit() {
        for (count, shown) in [
            (1, "1B"),
            (999, "999B"),
            (1000, "1.0K"),
            (1536, "1.5K"),
            (102_348, "99.9K"),
            (102_400, "100K"),
            (1023 << 10, "1023K"),
            ((1 << 20) - 1, "1.0M"),
            (1 << 20, "1.0M"),
            (20_930_560, "20.0M"),
            (24_506_118_144, "22.8G"),
            (u64::MAX, "16.0E"),
        ] {
            assert_eq!(bytes(Some(count)), shown, "{count}");
        }
        assert_eq!(rate(Some(0.4)), "<1B");
    }

    #[test]
    fn times_have_their_two_largest_units() {
        for (seconds, shown) in [
            (59, "59s"),
            (187, "3m07s"),
            (7500, "2h05m"),
            (86_400 * 12 + 3600 * 3 + 59, "12d03h"),
            (86_400 * 5000, "5000d"),
        ] {
            assert_eq!(duration(Some(Duration::from_secs(seconds))), shown);
        }
        assert_eq!(percent(Some(999.96)), "1000%");
        assert_eq!(percent(Some(44.04)), "44.0%");
    }

    proptest! {
        #[test]
        fn no_figure_is_wider_than_its_column(count in any::<u64>(), share in 0.0_f64..90_000.0, seconds in 0_u64..8_000_000_000) {
            prop_assert!(bytes(Some(count)).len() <= 6);
            prop_assert!(percent(Some(share)).len() <= 6);
            prop_assert!(duration(Some(Duration::from_secs(seconds))).len() <= 6);
        }
    }
}
