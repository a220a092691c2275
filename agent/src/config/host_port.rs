//! What stands behind the scheme of a URL that names a server and nothing else.

use std::net::Ipv6Addr;

/// A name or an address (IPv6 without brackets) and a port that is not 0; `None` where the text is something else.
pub(super) fn parse(text: &str, default_port: u16) -> Option<(String, u16)> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port, is_fit) = if let Some(bracketed) = text.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        (host, port, host.parse::<Ipv6Addr>().is_ok())
    } else {
        let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        (host, port, is_host(host))
    };
    if !is_fit {
        return None;
    }
    let port = match port.strip_prefix(':') {
        Some(digits) => port_number(digits)?,
        None if port.is_empty() => default_port,
        None => return None,
    };
    Some((host.to_owned(), port))
}

fn port_number(digits: &str) -> Option<u16> {
    // The standard parser takes a plus sign too.
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|&port| is_plain && port != 0)
}

/// An IPv4 address or a name. The resolver knows which names there are; this keeps users, paths and queries out.
fn is_host(host: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=253).contains(&host.len()) && host.bytes().all(fits) && !host.starts_with(['.', '-'])
}
