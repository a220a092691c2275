//! Which interfaces lead out of the node: those with a default route, of IPv4 or IPv6.
//!
//! What goes through them is the node's traffic. Bridges and their like see some of the same bytes again, so that a sum over
//! all interfaces would be too much.

use std::collections::BTreeSet;

/// `/proc/net/route`: columns of hex digits under a line of names; destination and mask are 0 for a default route.
pub(super) fn of_ipv4(text: &str) -> BTreeSet<String> {
    let routes = text.lines().skip(1).filter_map(|line| {
        let mut columns = line.split_whitespace();
        let interface = columns.next()?;
        let destination = columns.next()?;
        let mask = columns.nth(5)?;
        (is_zero(destination) && is_zero(mask)).then(|| interface.to_owned())
    });
    routes.collect()
}

/// `/proc/net/ipv6_route`: columns without names; a prefix of length 0 is a default route. The kernel keeps one on `lo` that
/// leads nowhere.
pub(super) fn of_ipv6(text: &str) -> BTreeSet<String> {
    let routes = text.lines().filter_map(|line| {
        let mut columns = line.split_whitespace();
        let destination = columns.next()?;
        let prefix = columns.next()?;
        let interface = columns.last()?;
        (is_zero(destination) && is_zero(prefix) && interface != "lo").then(|| interface.to_owned())
    });
    routes.collect()
}

fn is_zero(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
";
    const IPV6_ROUTE: &str = "\
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00450003     eth1
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

    #[test]
    fn a_default_route_makes_an_uplink() {
        assert_eq!(of_ipv4(ROUTE), BTreeSet::from(["eth0".to_owned()]));
        assert_eq!(of_ipv6(IPV6_ROUTE), BTreeSet::from(["eth1".to_owned()]));
    }

    #[test]
    fn a_file_that_is_none_has_none() {
        for text in ["", "x", "a b c d e f g h\nq", "\n\n"] {
            assert!(of_ipv4(text).is_empty() && of_ipv6(text).is_empty(), "{text:?}");
        }
    }
}
