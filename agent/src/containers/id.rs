//! Container ids, and what callers write in their place.

mod reference;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

pub use reference::{ContainerName, ContainerRef, HexPrefix, InvalidRef, ResolveError};

/// The full id of a container: 32 bytes, written as 64 lower-case hex digits.
///
/// Its written form is the only one that may go into a Docker URL: nothing in it can be read as a path, a query
/// or an escape.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ContainerId([u8; 32]);

/// The text is not a full container id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a container id is exactly 64 lower-case hex digits")]
pub struct InvalidId;

impl ContainerId {
    /// Digits of the written form.
    pub const HEX_DIGITS: usize = 64;

    /// The id whose written form begins with the high half of the first byte.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether the written form begins with these digits.
    pub fn starts_with(self, prefix: &HexPrefix) -> bool {
        let digits = self.0.into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        prefix
            .as_str()
            .bytes()
            .zip(digits)
            .all(|(wanted, digit)| hex_digit(wanted) == Some(digit))
    }
}

/// Value of a lower-case hex digit: Docker writes no upper case and does not find it either.
const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl FromStr for ContainerId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != Self::HEX_DIGITS {
            return Err(InvalidId);
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(text.as_bytes().as_chunks().0) {
            let high = hex_digit(*high).ok_or(InvalidId)?;
            let low = hex_digit(*low).ok_or(InvalidId)?;
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ContainerId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The first 12 digits, as Docker's own tools abbreviate an id.
impl fmt::Debug for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for ContainerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "00ff10203040506070809abcdef0123456789abcdef0123456789abcdef01234";

    #[test]
    fn an_id_is_written_as_it_was_read() {
        let id: ContainerId = TEXT.parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(format!("{id:?}"), "00ff10203040");
    }

    #[test]
    fn only_64_lower_case_hex_digits_are_an_id() {
        let bad = [
            String::new(),
            TEXT[1..].to_owned(),
            format!("{TEXT}0"),
            TEXT.to_uppercase(),
            TEXT.replace("ff", "fg"),
            TEXT.replace("ff", "0x"),
            TEXT.replace("ff", "+1"),
            TEXT.replace("ff", " f"),
            TEXT.replace("ff", "/."),
            TEXT.replace("ff", "\0f"),
            // 64 bytes, but not 64 characters
            TEXT.replace("ff", "é"),
            "a".repeat(5000),
        ];
        for text in bad {
            assert_eq!(text.parse::<ContainerId>(), Err(InvalidId), "{text:?}");
        }
    }

    #[test]
    fn an_id_is_a_string_in_json_also_as_a_key() {
        let id: ContainerId = TEXT.parse().unwrap();
        let json = serde_json::to_string(&HashMap::from([(id, id)])).unwrap();
        assert_eq!(json, format!("{{\"{TEXT}\":\"{TEXT}\"}}"));
        let back: HashMap<ContainerId, ContainerId> = serde_json::from_str(&json).unwrap();
        assert_eq!(back[&id], id);
        assert!(serde_json::from_str::<ContainerId>("\"cafe\"").is_err());
        assert!(serde_json::from_str::<ContainerId>("7").is_err());
    }

    proptest! {
        #[test]
        fn every_id_survives_its_written_form(bytes: [u8; 32]) {
            let id = ContainerId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse::<ContainerId>(), Ok(id));
        }

        #[test]
        fn ids_sort_as_their_written_forms(a: [u8; 32], b: [u8; 32]) {
            let (a, b) = (ContainerId::from_bytes(a), ContainerId::from_bytes(b));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn what_parses_is_exactly_what_is_written(text in "[0-9a-gA-F]{63,65}|\\PC{0,70}") {
            if let Ok(id) = text.parse::<ContainerId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
