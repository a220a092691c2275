//! Which modules a guest takes, and in which order they are loaded.

use std::collections::BTreeMap;

/// A cable between two network namespaces.
pub(crate) const NETWORK: [&str; 1] = ["veth"];

/// A bridge of Docker's, and the rules that its iptables writes. Those that a kernel has built in, or has no more, are
/// no files of it.
pub(crate) const DOCKER: [&str; 16] = [
    "veth",
    "bridge",
    "br_netfilter",
    "nf_tables",
    "nft_compat",
    "nft_counter",
    "nft_chain_nat",
    "nf_nat",
    "nf_conntrack_netlink",
    "xt_addrtype",
    "xt_conntrack",
    "xt_MASQUERADE",
    "xt_nat",
    "xt_tcpudp",
    "ip_tables",
    "overlay",
];

/// Name of a module from its file: `nf-nat.ko.xz` is `nf_nat`.
pub(crate) fn name(file_name: &str) -> Option<String> {
    let (stem, rest) = file_name.split_once(".ko")?;
    ["", ".xz", ".zst", ".gz"]
        .contains(&rest)
        .then(|| stem.replace('-', "_"))
}

/// What a module says that it needs: `depends=a,b` among its strings.
pub(crate) fn depends(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|window| window == KEY) else {
        return Vec::new();
    };
    let value = module[at + KEY.len()..]
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default();
    let names = value.split(|byte| *byte == b',').filter(|name| !name.is_empty());
    names
        .map(|name| String::from_utf8_lossy(name).replace('-', "_"))
        .collect()
}

/// `wanted` and all that they need, each behind what it needs. What is not among `needs` is built into the kernel, or
/// not there: its absence shows in the guest.
pub(crate) fn in_order(wanted: &[&str], needs: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    fn add(name: &str, needs: &BTreeMap<String, Vec<String>>, order: &mut Vec<String>, depth: usize) {
        let Some(first) = needs.get(name) else { return };
        if depth > needs.len() || order.iter().any(|known| known == name) {
            return;
        }
        for need in first {
            add(need, needs, order, depth + 1);
        }
        order.push(name.to_owned());
    }
    let mut order = Vec::new();
    for name in wanted {
        add(name, needs, &mut order, 0);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_named_by_its_file() {
        assert_eq!(name("br_netfilter.ko").as_deref(), Some("br_netfilter"));
        assert_eq!(name("x86-pkg.ko.xz").as_deref(), Some("x86_pkg"));
        for other in ["modules.order", "a.kon", "veth"] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    #[test]
    fn needs_are_read_from_the_modules_strings() {
        assert_eq!(
            depends(b"x\0license=GPL\0depends=llc,stp-x\0name=bridge\0"),
            ["llc", "stp_x"]
        );
        assert!(depends(b"\0depends=\0name=veth\0").is_empty());
        assert!(depends(b"nothing").is_empty());
    }

    #[test]
    fn what_is_needed_is_loaded_first_and_once() {
        let needs = [
            ("a", vec!["c", "built_in"]),
            ("b", vec!["a", "c"]),
            ("c", vec![]),
            ("d", vec![]),
        ];
        let needs = needs.map(|(name, of)| (name.to_owned(), of.into_iter().map(str::to_owned).collect()));
        assert_eq!(in_order(&["b", "a", "absent"], &needs.into()), ["c", "a", "b"]);
    }
}
