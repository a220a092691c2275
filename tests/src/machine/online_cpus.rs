//! Which CPUs there are.

use std::fs;

/// Work that has to have a CPU of its own is pinned to one of these.
const NEEDED: [u32; 2] = [0, 1];

/// Numbers of those that are online.
pub fn online_cpus() -> Vec<u32> {
    // no file: a kernel for one CPU
    let list = fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_else(|_| "0".to_owned());
    numbers(&list)
}

/// Why this machine's CPUs are not enough for the tests, where they are not.
pub(crate) fn too_few_cpus(online: &[u32]) -> Option<String> {
    if NEEDED.iter().all(|cpu| online.contains(cpu)) {
        return None;
    }
    let online: Vec<_> = online.iter().map(u32::to_string).collect();
    Some(format!(
        "the tests pin work to CPUs 0 and 1 and need both online, and this machine has {}",
        online.join(",")
    ))
}

/// A list as the kernel writes it: numbers and ranges.
fn numbers(text: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse::<u32>().ok()?..=last.parse().ok()?)
    };
    text.trim().split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_numbers_and_ranges() {
        for (list, cpus) in [
            ("0\n", &[0][..]),
            ("0-1\n", &[0, 1]),
            ("0,2-4,7\n", &[0, 2, 3, 4, 7]),
            ("\n", &[]),
        ] {
            assert_eq!(numbers(list), cpus, "{list:?}");
        }
    }

    #[test]
    fn both_cpus_that_work_is_pinned_to_have_to_be_online() {
        assert_eq!(too_few_cpus(&[0, 1]), None);
        assert_eq!(too_few_cpus(&[0, 1, 2, 3]), None);
        for (online, told) in [(&[0][..], "this machine has 0"), (&[0, 2, 3], "this machine has 0,2,3")] {
            let why = too_few_cpus(online).unwrap();
            assert!(why.ends_with(told), "{why}");
        }
    }
}
