//! Cumulative counters and times to rates. Pure: no clock, no file.
//!
//! A rate is a difference over the time that really passed, not over the nominal interval. Where two samples do not
//! give one (the clock stood, a counter went back because something was reset), there is no rate, not a rate of 0.

/// Nanoseconds in a second.
const SECOND_NS: f64 = 1e9;

/// What something has used up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Time on a CPU, in ns.
    pub cpu_ns: u64,
    /// Network traffic; `None` where nothing measures it.
    pub net: Option<NetCounters>,
}

/// Network traffic over any interface but loopback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetCounters {
    /// L3 bytes received.
    pub rx_bytes: u64,
    /// L3 bytes sent.
    pub tx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// What only the kernel programs can tell.
    pub detail: Option<NetDetail>,
}

/// Segments and loopback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetDetail {
    /// Segments received: what the packets were before the kernel put them together.
    pub rx_segments: u64,
    /// Segments sent: what the packets become before they leave.
    pub tx_segments: u64,
    /// Bytes received over loopback, which are in no other field.
    pub loopback_rx_bytes: u64,
    /// Bytes sent over loopback.
    pub loopback_tx_bytes: u64,
}

/// Counters and the moment at which they were true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The moment, in ns of a clock that only goes forward. Two samples of one thing share that clock.
    pub clock_ns: u64,
    /// The moment, in ns since 1970, for people.
    pub wall_ns: u64,
    /// The counters.
    pub counters: Counters,
}

/// What something uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Percent of one CPU: two busy CPUs are 200.
    pub cpu_percent: f64,
    /// Network traffic; `None` where either sample has none.
    pub net: Option<NetRates>,
    /// The time between the samples, in ns.
    pub elapsed_ns: u64,
}

/// Network traffic in bytes a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetRates {
    /// Received.
    pub rx_bytes_per_s: f64,
    /// Sent.
    pub tx_bytes_per_s: f64,
}

/// What was used between two samples; `None` if they do not tell.
pub fn between(before: &Sample, now: &Sample) -> Option<Rates> {
    let elapsed_ns = now
        .clock_ns
        .checked_sub(before.clock_ns)
        .filter(|&elapsed| elapsed > 0)?;
    let cpu_ns = now.counters.cpu_ns.checked_sub(before.counters.cpu_ns)?;
    let net = match (before.counters.net, now.counters.net) {
        (Some(before), Some(now)) => Some(NetRates {
            rx_bytes_per_s: per_second(now.rx_bytes.checked_sub(before.rx_bytes)?, elapsed_ns),
            tx_bytes_per_s: per_second(now.tx_bytes.checked_sub(before.tx_bytes)?, elapsed_ns),
        }),
        _ => None,
    };
    Some(Rates {
        cpu_percent: ratio(cpu_ns, elapsed_ns) * 100.0,
        net,
        elapsed_ns,
    })
}

fn per_second(amount: u64, elapsed_ns: u64) -> f64 {
    ratio(amount, elapsed_ns) * SECOND_NS
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits")]
fn ratio(amount: u64, elapsed_ns: u64) -> f64 {
    amount as f64 / elapsed_ns as f64
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "the comparison allows for it")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(clock_ns: u64, cpu_ns: u64, net: Option<(u64, u64)>) -> Sample {
        let net = net.map(|(rx_bytes, tx_bytes)| NetCounters {
            rx_bytes,
            tx_bytes,
            ..NetCounters::default()
        });
        Sample {
            clock_ns,
            wall_ns: clock_ns,
            counters: Counters { cpu_ns, net },
        }
    }

    #[test]
    fn rates_use_the_time_that_really_passed() {
        let rates = between(
            &sample(0, 0, Some((0, 0))),
            &sample(2_000_000_000, 3_000_000_000, Some((1_000, 500))),
        )
        .unwrap();
        assert!((rates.cpu_percent - 150.0).abs() < 1e-9);
        let net = rates.net.unwrap();
        assert!((net.rx_bytes_per_s - 500.0).abs() < 1e-9);
        assert!((net.tx_bytes_per_s - 250.0).abs() < 1e-9);
    }

    #[test]
    fn a_reset_or_a_clock_that_stands_gives_no_rate() {
        assert_eq!(between(&sample(5, 10, None), &sample(6, 9, None)), None);
        assert_eq!(between(&sample(5, 1, None), &sample(5, 2, None)), None);
        assert_eq!(between(&sample(6, 1, None), &sample(5, 2, None)), None);
        assert_eq!(between(&sample(0, 0, Some((5, 5))), &sample(1, 1, Some((4, 6)))), None);
    }

    #[test]
    fn network_that_nobody_measures_has_no_rate() {
        let rates = between(&sample(0, 0, None), &sample(1, 1, Some((1, 1)))).unwrap();
        assert_eq!(rates.net, None);
    }

    proptest! {
        #[test]
        fn no_rate_is_ever_negative_or_not_a_number(
            clock in any::<(u64, u64)>(), cpu in any::<(u64, u64)>(), rx in any::<(u64, u64)>(), tx in any::<(u64, u64)>(),
        ) {
            let rates = between(
                &sample(clock.0, cpu.0, Some((rx.0, tx.0))),
                &sample(clock.1, cpu.1, Some((rx.1, tx.1))),
            );
            if let Some(Rates { cpu_percent, net: Some(net), .. }) = rates {
                for figure in [cpu_percent, net.rx_bytes_per_s, net.tx_bytes_per_s] {
                    prop_assert!(figure.is_finite() && figure >= 0.0);
                }
            }
        }

        #[test]
        fn a_rate_times_its_time_is_what_was_used(
            start in 0..1u64 << 60, elapsed in 1..1u64 << 45, used in 0..1u64 << 50, bytes in 0..1u64 << 50,
        ) {
            let rates = between(&sample(start, 7, Some((3, 3))), &sample(start + elapsed, 7 + used, Some((3 + bytes, 3)))).unwrap();
            let seconds = elapsed as f64 / 1e9;
            prop_assert!((rates.cpu_percent / 100.0 * seconds * 1e9 - used as f64).abs() <= used as f64 * 1e-9 + 1e-3);
            prop_assert!((rates.net.unwrap().rx_bytes_per_s * seconds - bytes as f64).abs() <= bytes as f64 * 1e-9 + 1e-3);
        }

        #[test]
        fn samples_in_between_do_not_change_the_sum(
            steps in proptest::collection::vec((1..1u64 << 30, 0..1u64 << 30), 1..20),
        ) {
            let mut before = sample(0, 0, None);
            let mut summed_ns = 0.0;
            for (elapsed, used) in steps {
                let now = sample(before.clock_ns + elapsed, before.counters.cpu_ns + used, None);
                summed_ns += between(&before, &now).unwrap().cpu_percent / 100.0 * elapsed as f64;
                before = now;
            }
            let whole = between(&sample(0, 0, None), &before).unwrap();
            prop_assert!((whole.cpu_percent / 100.0 * before.clock_ns as f64 - summed_ns).abs() < 1.0);
        }
    }
}
