//! Whether a caller has already what would be sent.

use axum::http::{HeaderMap, header};

/// Whether `If-None-Match` names this tag, given in its quotes. Weak comparison (RFC 9110, 13.1.2).
pub(super) fn is_held(asked: &HeaderMap, tag: &[u8]) -> bool {
    let lines = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii);
    tags.any(|held| held == b"*" || held.strip_prefix(b"W/").unwrap_or(held) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_has_is_not_sent_again() {
        for (known, expected) in [
            (None, false),
            (Some("\"5-a\""), true),
            (Some("W/\"5-a\""), true),
            (Some("\"4-a\", W/\"5-a\""), true),
            (Some("*"), true),
            (Some("\"5-b\""), false),
            (Some("5-a"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(known) = known {
                headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
            }
            assert_eq!(is_held(&headers, b"\"5-a\""), expected, "{known:?}");
        }
    }
}
