//! What is put into requests: paths, queries and tokens.

use std::{fmt::Write as _, fs, path::Path};

use hyper::header::HeaderValue;

use super::ClientError;

/// A path of segments and a query of pairs, each escaped: both may be anything that a user typed.
pub fn path_of(segments: &[&str], query: &[(&str, &str)]) -> String {
    let mut path = String::new();
    for segment in segments {
        path.push('/');
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                path.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    if !query.is_empty() {
        path.push('?');
        path.push_str(&form_of(query));
    }
    path
}

/// `application/x-www-form-urlencoded`.
pub(super) fn form_of(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// The first token of a file, as it stands in a request. Where the agent's own file is at hand, that one will do.
pub(super) fn bearer(file: &Path) -> Result<HeaderValue, ClientError> {
    let unusable = |reason: &str| ClientError::Usage(format!("--token-file: {} {reason}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| unusable(&format!("cannot be read ({error})")))?;
    let mut lines = text.lines().map(str::trim);
    let token = lines
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .ok_or_else(|| unusable("has no token"))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| unusable("has a token with characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_typed_stays_one_segment_or_one_value() {
        for (segments, query, path) in [
            (&["containers"][..], &[][..], "/containers"),
            (&["container", "web-1_x.y~"], &[], "/container/web-1_x.y~"),
            (
                &["container", "a/b?c d\u{e9}\n"],
                &[],
                "/container/a%2Fb%3Fc%20d%C3%A9%0A",
            ),
            (
                &["containers"],
                &[("service", "a&b=c d")],
                "/containers?service=a%26b%3Dc+d",
            ),
            (
                &["container", "x", "history"],
                &[("window", "5m")],
                "/container/x/history?window=5m",
            ),
        ] {
            assert_eq!(path_of(segments, query), path);
        }
    }

    #[test]
    fn the_first_token_of_the_file_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        for (text, shown) in [
            ("# of the fleet\n\n  abc  \ndef\n", Ok("Bearer abc")),
            ("# nothing\n", Err("has no token")),
            ("a\u{7f}b", Err("has a token with characters")),
        ] {
            fs::write(&file, text).unwrap();
            match (bearer(&file), shown) {
                (Ok(value), Ok(expected)) => {
                    assert_eq!(value, expected);
                    assert!(value.is_sensitive());
                }
                (Err(error), Err(said)) => {
                    let error = error.to_string();
                    assert!(error.starts_with("--token-file: ") && error.contains(said), "{error}");
                    assert!(!error.contains("a\u{7f}b"), "{error}");
                }
                other => panic!("{other:?}"),
            }
        }
        let error = bearer(&dir.path().join("absent")).unwrap_err();
        assert_eq!(error.exit_code(), 64);
    }
}
