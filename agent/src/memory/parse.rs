//! Texts of the memory controller's files (cgroup-v2.rst, cgroup-v1/memory.rst).

/// From here on a v1 limit means none: the largest whole number of pages that fits a signed 64-bit number, with
/// pages of up to 64 KiB.
const V1_NO_LIMIT_BYTES: u64 = i64::MAX.unsigned_abs() & !0xFFFF;

/// A file that holds one number.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// A file that holds a limit; the inner `None` is no limit.
#[expect(clippy::option_option, reason = "unreadable and unlimited are two answers")]
pub(super) fn limit(text: &[u8]) -> Option<Option<u64>> {
    if text.trim_ascii() == b"max" {
        return Some(None);
    }
    number(text).map(|bytes| (bytes < V1_NO_LIMIT_BYTES).then_some(bytes))
}

/// The number behind a key in a file of `key number` lines.
pub(super) fn keyed(text: &[u8], key: &str) -> Option<u64> {
    text.split(|&byte| byte == b'\n')
        .filter_map(|line| line.strip_prefix(key.as_bytes())?.strip_prefix(b" "))
        .find_map(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_of_both_versions_are_read() {
        for (text, expected) in [
            ("max\n", Some(None)),
            ("67108864\n", Some(Some(67_108_864))),
            ("0\n", Some(Some(0))),
            // 4 KiB and 64 KiB pages, and kernels before 3.19
            ("9223372036854771712\n", Some(None)),
            ("9223372036854710272\n", Some(None)),
            ("9223372036854775807\n", Some(None)),
            ("-1\n", None),
            ("", None),
            ("maximum\n", None),
        ] {
            assert_eq!(limit(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn a_key_is_matched_whole() {
        let text = b"anon 1\ninactive_file_x 2\nxinactive_file 3\ntotal_inactive_file 4\ninactive_file 5\n";
        assert_eq!(keyed(text, "inactive_file"), Some(5));
        assert_eq!(keyed(text, "total_inactive_file"), Some(4));
        assert_eq!(keyed(text, "active_file"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: Vec<u8>) {
            let _ = (number(&text), limit(&text), keyed(&text, "inactive_file"));
        }
    }
}
