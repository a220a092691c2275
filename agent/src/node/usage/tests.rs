use proptest::prelude::*;

use super::{super::MemoryKib, *};

const SECOND: Duration = Duration::from_secs(1);

fn ticks(busy: u64, idle: u64) -> CpuTicks {
    CpuTicks { busy, idle }
}

fn interfaces(list: &[(&str, u64, u64)]) -> NodeSample {
    NodeSample {
        interfaces: Some(
            list.iter()
                .map(|&(name, rx, tx)| (name.to_owned(), InterfaceBytes { rx, tx }))
                .collect(),
        ),
        ..NodeSample::default()
    }
}

#[test]
fn busy_share_of_a_cpu() {
    for (from, to, expected) in [
        (ticks(0, 0), ticks(44, 56), Some(44.0)),
        (ticks(10, 10), ticks(11, 12), Some(33.3)),
        (ticks(10, 10), ticks(110, 10), Some(100.0)),
        (ticks(10, 10), ticks(10, 110), Some(0.0)),
        // closer than a tick
        (ticks(10, 10), ticks(10, 10), Some(0.0)),
        // iowait went back
        (ticks(10, 10), ticks(110, 9), Some(100.0)),
        // steal went back
        (ticks(10, 10), ticks(9, 110), Some(0.0)),
        // the counters began anew
        (ticks(1000, 1000), ticks(5, 5), None),
    ] {
        assert_eq!(busy_percent(from, to), expected, "{from:?} {to:?}");
    }
}

#[test]
fn rates_are_by_the_real_elapsed_time() {
    let earlier = interfaces(&[("eth0", 1000, 50)]);
    let later = interfaces(&[("eth0", 4000, 50)]);
    let network = usage(&earlier, &later, Duration::from_millis(1500)).network.unwrap();
    assert_eq!(
        network["eth0"],
        InterfaceRates {
            rx_bytes_per_second: 2000.0,
            tx_bytes_per_second: 0.0,
        }
    );
    assert_eq!(
        serde_json::to_string(&network).unwrap(),
        r#"{"eth0":{"rx":2000.0,"tx":0.0}}"#
    );
}

#[test]
fn an_interface_that_is_new_gone_or_reset_is_left_out() {
    let earlier = interfaces(&[("kept", 1, 1), ("gone", 1, 1), ("rx-back", 9, 1), ("tx-back", 1, 9)]);
    let later = interfaces(&[("kept", 2, 2), ("new", 5, 5), ("rx-back", 1, 2), ("tx-back", 2, 1)]);
    let network = usage(&earlier, &later, SECOND).network.unwrap();
    assert_eq!(network.keys().collect::<Vec<_>>(), ["kept"]);
}

#[test]
fn a_cpu_that_just_came_online_waits_for_its_second_sample() {
    let sample = |cpus: &[(u32, u64)]| NodeSample {
        cpus: Some(cpus.iter().map(|&(cpu, busy)| (CpuName(cpu), ticks(busy, 0))).collect()),
        ..NodeSample::default()
    };
    let used = usage(&sample(&[(0, 1), (1, 1)]), &sample(&[(0, 2), (2, 900)]), SECOND);
    assert_eq!(used.cpus, Some(BTreeMap::from([(CpuName(0), 100.0)])));
}

#[test]
fn a_part_that_one_sample_lacks_is_not_known() {
    let whole = NodeSample {
        cpus: Some(BTreeMap::from([(CpuName(0), ticks(1, 1))])),
        memory_kib: Some(MemoryKib {
            total: 10,
            available: None,
        }),
        interfaces: Some(BTreeMap::new()),
        ..NodeSample::default()
    };
    let used = usage(&NodeSample::default(), &whole, SECOND);
    assert_eq!((used.cpus, used.network), (None, None));
    assert_eq!((used.memory_kib, used.free_memory_kib), (Some(10), None));
    assert_eq!(usage(&whole, &NodeSample::default(), SECOND), NodeUsage::default());
}

proptest! {
    #[test]
    fn a_share_is_between_0_and_100(from: (u64, u64), to: (u64, u64)) {
        if let Some(percent) = busy_percent(ticks(from.0, from.1), ticks(to.0, to.1)) {
            prop_assert!((0.0..=100.0).contains(&percent), "{percent}");
        }
    }

    #[test]
    fn a_rate_is_a_number_and_not_negative(from: (u64, u64), to: (u64, u64), elapsed_ns: u64) {
        let bytes = |(rx, tx)| InterfaceBytes { rx, tx };
        if let Some(rates) = rates(bytes(from), bytes(to), Duration::from_nanos(elapsed_ns)) {
            for rate in [rates.rx_bytes_per_second, rates.tx_bytes_per_second] {
                prop_assert!(rate.is_finite() && rate >= 0.0, "{rate}");
            }
        }
    }
}

#[test]
fn what_goes_out_of_the_node_is_what_its_uplinks_carry() {
    let rates = |rx| InterfaceRates {
        rx_bytes_per_second: rx,
        tx_bytes_per_second: 1.0,
    };
    let used = NodeUsage {
        network: Some(
            [("eth0", 10.0), ("docker0", 5.0), ("eth1", 2.0)]
                .map(|(name, rx)| (name.to_owned(), rates(rx)))
                .into(),
        ),
        uplinks: ["eth0", "eth1", "gone"].map(str::to_owned).into(),
        ..NodeUsage::default()
    };
    let outside = used.outside().unwrap();
    assert!((outside.rx_bytes_per_second - 12.0).abs() < 1e-9 && (outside.tx_bytes_per_second - 2.0).abs() < 1e-9);
    // which interfaces they are is not known: no sum, not 0
    let unknown = NodeUsage {
        uplinks: BTreeSet::new(),
        ..used
    };
    assert_eq!(unknown.outside(), None);
}
