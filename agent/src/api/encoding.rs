//! Replies that are compressed for who asks for it (RFC 9110, 12.5.3), and the weights in what callers ask for.

use std::io::Write as _;

use axum::http::{
    HeaderMap, HeaderValue,
    header::{self, AsHeaderName},
};
use bytes::Bytes;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// These texts are read within the second: what compresses quickest has the best of it.
const QUICK: u32 = 1;

impl Encoding {
    /// The best that a caller takes; as it is where they do not say.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accepted = Weights::of(headers, header::ACCEPT_ENCODING);
        let takes = |coding| accepted.get(coding).is_some_and(|weight| weight > 0.0);
        if takes("zstd") {
            Self::Zstd
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// Its name in `Content-Encoding`.
    pub(super) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Zstd => Some(HeaderValue::from_static("zstd")),
        }
    }

    /// Compresses a text. What cannot be compressed, which is for want of memory alone, is `None`.
    pub(super) fn encode(self, text: Bytes) -> Option<Bytes> {
        match self {
            Self::Identity => Some(text),
            Self::Gzip => {
                let level = flate2::Compression::new(QUICK);
                let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(text.len() / 4), level);
                encoder.write_all(&text).ok()?;
                encoder.finish().ok().map(Bytes::from)
            }
            Self::Zstd => {
                let compressed = zstd::bulk::compress(&text, QUICK.cast_signed()).ok()?;
                // it has room for the worst case
                Some(compressed.into_boxed_slice().into())
            }
        }
    }
}

/// What a caller names in a header such as `Accept`, and how much each is wanted (RFC 9110, 12.4.2): 1 is most, 0 refuses.
#[derive(Debug)]
pub(super) struct Weights<'a>(Vec<(&'a str, f32)>);

impl<'a> Weights<'a> {
    /// Reads all lists that the header has.
    pub(super) fn of(headers: &'a HeaderMap, header: impl AsHeaderName) -> Self {
        let values = headers.get_all(header).into_iter();
        let lists = values.filter_map(|value| value.to_str().ok());
        Self(lists.flat_map(|list| list.split(',')).map(weighed).collect())
    }

    /// The weight of what is called `name`, in whichever case, the highest where it is named more than once. Parameters other
    /// than the weight make no difference.
    pub(super) fn get(&self, name: &str) -> Option<f32> {
        let same = self.0.iter().filter(|(named, _)| named.eq_ignore_ascii_case(name));
        same.map(|&(_, weight)| weight).reduce(f32::max)
    }
}

/// The name and the weight of an entry of a list. One that cannot be read is none, which is 1.
fn weighed(entry: &str) -> (&str, f32) {
    let mut parts = entry.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|parameter| {
        let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
        weight.parse::<f32>().ok().filter(|weight| !weight.is_nan())
    });
    (name, weight.map_or(1.0, |weight| weight.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_body_is_compressed_only_for_who_asks() {
        for (accepted, expected) in [
            (None, Encoding::Identity),
            (Some(""), Encoding::Identity),
            (Some("br, deflate"), Encoding::Identity),
            (Some("gzip"), Encoding::Gzip),
            (Some("GZIP;q=0.5, br"), Encoding::Gzip),
            (Some("gzip, deflate, br, zstd"), Encoding::Zstd),
            (Some("zstd;q=0, gzip;q=0.001"), Encoding::Gzip),
            (Some("gzip; q=0.0"), Encoding::Identity),
            (Some("gzip;q=-1, zstd;Q=0"), Encoding::Identity),
            (Some("gzip;q=nan"), Encoding::Gzip),
            (Some("*"), Encoding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            }
            assert_eq!(Encoding::wanted(&headers), expected, "{accepted:?}");
        }
    }

    #[test]
    fn what_is_compressed_can_be_read_again() {
        let text = Bytes::from("a text ".repeat(1000));
        let gzip = Encoding::Gzip.encode(text.clone()).unwrap();
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut back).unwrap();
        assert_eq!((back, gzip.len() < 200), (text.to_vec(), true));
        let zstd = Encoding::Zstd.encode(text.clone()).unwrap();
        assert_eq!(
            (zstd::decode_all(&*zstd).unwrap(), zstd.len() < 200),
            (text.to_vec(), true)
        );
        assert_eq!(Encoding::Identity.encode(text.clone()), Some(text));
    }
}
