//! The rules for the parts of a reference, each a plain scan over bytes.
//! Source: the grammar of the distribution project's `reference` package, which Docker uses.

/// `sha256:` and 64 hex digits, or the digits alone: Docker takes both for the id of an image, never for a name.
pub(super) fn is_image_id(text: &str) -> bool {
    is_sha256_hex(text) || is_digest(text)
}

/// `sha256:` and 64 lower-case hex digits: the one algorithm that registries use.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(is_sha256_hex)
}

fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `[\w][\w.-]{0,127}`
pub(super) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || b".-".contains(&byte))
}

/// `[host[:port]/]path`
pub(super) fn is_name(text: &str) -> bool {
    is_path(text)
        || text
            .split_once('/')
            .is_some_and(|(host, path)| is_host_and_port(host) && is_path(path))
}

fn is_path(text: &str) -> bool {
    text.split('/').all(is_path_component)
}

/// Runs of lower-case letters and digits, with one of `.`, `_`, `__` or any number of `-` between them.
fn is_path_component(text: &str) -> bool {
    let is_run = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.as_bytes()
        .chunk_by(|a, b| is_run(*a) == is_run(*b))
        .all(|part| is_run(part[0]) || matches!(part, b"." | b"_" | b"__") || part.iter().all(|byte| *byte == b'-'))
        && text.bytes().next().is_some_and(is_run)
        && text.bytes().last().is_some_and(is_run)
}

fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        // the last `:` of an address in brackets stands inside them
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    is_host(host) && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A domain name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':'),
        None => text.split('.').all(is_host_label),
    }
}

fn is_host_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
