//! Whether a request that changes something was sent by a web page of another site.
//!
//! A page may post a form to any address without asking. Browsers tell so: `Sec-Fetch-Site` since 2020 to 2023,
//! `Origin` with every POST for longer. Programs such as curl send neither, and are not hindered.

/// The headers that tell where a request comes from, each as often as it came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<&'a [u8]>,
    /// `Origin`.
    pub origin: Option<&'a [u8]>,
    /// The authority that the request is for.
    pub authority: &'a str,
}

/// Whether it comes from a page of another site, or of one that does not say which.
pub fn is_cross_site(headers: Headers<'_>) -> bool {
    match (headers.fetch_site, headers.origin) {
        // `none`: a person typed the address, or chose a bookmark.
        (Some(site), _) if site == b"same-origin" || site == b"none" => {
            headers.origin.is_some_and(|origin| !is_own(origin, headers.authority))
        }
        (Some(_), _) => true,
        (None, Some(origin)) => !is_own(origin, headers.authority),
        (None, None) => false,
    }
}

/// Whether the origin is the one that the request is for. The scheme says nothing: something in front of the agent may
/// have spoken TLS. `null`, which pages without an origin send, is nobody's.
fn is_own(origin: &[u8], authority: &str) -> bool {
    let Ok(origin) = str::from_utf8(origin) else {
        return false;
    };
    let host = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_are_told_from_the_agents_own_and_from_programs() {
        let own = "http://node-7:5000";
        for (fetch_site, origin, is_foreign) in [
            // curl, wget, HTTP libraries
            (None, None, false),
            // the agent's own page
            (Some("same-origin"), Some(own), false),
            (Some("same-origin"), None, false),
            (Some("none"), None, false),
            (None, Some(own), false),
            (None, Some("https://NODE-7:5000"), false),
            // other pages
            (Some("cross-site"), Some("https://evil.example"), true),
            (Some("cross-site"), None, true),
            (Some("same-site"), Some("http://node-7:80"), true),
            (None, Some("https://evil.example"), true),
            (None, Some("null"), true),
            (Some("none"), Some("null"), true),
            (Some("same-origin"), Some("null"), true),
            (Some("same-origin"), Some("https://evil.example"), true),
            (Some("cross-site"), Some(own), true),
            (Some("Same-Origin, none"), None, true),
            (Some(""), None, true),
            (None, Some(""), true),
            (None, Some("http://node-7"), true),
            (None, Some("http://node-7:5000.evil.example"), true),
            (None, Some("file://node-7:5000"), true),
        ] {
            let headers = Headers {
                fetch_site: fetch_site.map(str::as_bytes),
                origin: origin.map(str::as_bytes),
                authority: "node-7:5000",
            };
            assert_eq!(is_cross_site(headers), is_foreign, "{fetch_site:?} {origin:?}");
        }
    }
}
