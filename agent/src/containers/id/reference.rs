//! What a caller may write for a container, and which container it means.
//!
//! Docker's own order is kept (full id, exact name, unique prefix), so that a reference means here what it means to
//! `docker inspect`. Docker takes a prefix of any length; here it has at least 4 digits, so that a slip of
//! the keyboard does not delete a container.

use std::str::FromStr;

use super::{ContainerId, hex_digit};

/// A container as the caller named it: the `{id}` of a URL, already percent-decoded.
///
/// Valid by its grammar only; [`ContainerRef::resolve`] tells which container it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerRef {
    /// 64 lower-case hex digits.
    Full(ContainerId),
    /// 4 to 63 lower-case hex digits: the beginning of an id, or a name such as `cafe`.
    Prefix(HexPrefix),
    /// Any other name.
    Name(ContainerName),
}

/// 4 to 63 lower-case hex digits: the beginning of a container id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexPrefix(Box<str>);

/// A container's name without Docker's leading slash: `[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}`.
///
/// The alphabet is Docker's; Docker sets no upper bound, 255 is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerName(Box<str>);

/// The text can be neither an id, nor a prefix of one, nor a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a container is named by its full id, by at least 4 hex digits of it, or by its name")]
pub struct InvalidRef;

/// Why a reference means no container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No container has this id, prefix or name.
    #[error("container not found")]
    NotFound,
    /// Several containers fit, and none of them by its full id.
    #[error("several containers fit, use the full id")]
    Ambiguous,
}

impl HexPrefix {
    /// Shorter than this is too easily hit by accident.
    pub const MIN_DIGITS: usize = 4;

    /// The digits as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(text: &str) -> bool {
        (Self::MIN_DIGITS..ContainerId::HEX_DIGITS).contains(&text.len())
            && text.bytes().all(|byte| hex_digit(byte).is_some())
    }
}

impl ContainerName {
    /// Longest name that is looked up.
    pub const MAX_BYTES: usize = 255;

    /// The name without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(text: &str) -> bool {
        (2..=Self::MAX_BYTES).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    }
}

impl FromStr for ContainerRef {
    type Err = InvalidRef;

    fn from_str(text: &str) -> Result<Self, InvalidRef> {
        if let Ok(id) = text.parse() {
            Ok(Self::Full(id))
        } else if HexPrefix::is_valid(text) {
            Ok(Self::Prefix(HexPrefix(text.into())))
        } else if ContainerName::is_valid(text) {
            Ok(Self::Name(ContainerName(text.into())))
        } else {
            Err(InvalidRef)
        }
    }
}

impl ContainerRef {
    /// The one container that is meant, among all that are known.
    ///
    /// `candidates` are pairs of id and name, the name with or without Docker's leading slash. A container with
    /// several names may come several times.
    pub fn resolve<'a>(
        &self,
        candidates: impl IntoIterator<Item = (ContainerId, &'a str)>,
    ) -> Result<ContainerId, ResolveError> {
        let mut named = Matches::None;
        let mut prefixed = Matches::None;
        for (id, name) in candidates {
            if matches!(self, Self::Full(full) if *full == id) {
                return Ok(id);
            }
            if self.is_name(name.strip_prefix('/').unwrap_or(name)) {
                named.add(id);
            }
            if matches!(self, Self::Prefix(prefix) if id.starts_with(prefix)) {
                prefixed.add(id);
            }
        }
        match (named, prefixed) {
            (Matches::One(id), _) | (Matches::None, Matches::One(id)) => Ok(id),
            (Matches::None, Matches::None) => Err(ResolveError::NotFound),
            (Matches::Several, _) | (Matches::None, Matches::Several) => Err(ResolveError::Ambiguous),
        }
    }

    /// A container may be called by hex digits too, even by 64 of them.
    fn is_name(&self, name: &str) -> bool {
        match self {
            Self::Full(id) => name.parse() == Ok(*id),
            Self::Prefix(prefix) => prefix.as_str() == name,
            Self::Name(wanted) => wanted.as_str() == name,
        }
    }
}

/// Distinct containers that fit so far.
enum Matches {
    None,
    One(ContainerId),
    Several,
}

impl Matches {
    fn add(&mut self, id: ContainerId) {
        *self = match self {
            Self::None => Self::One(id),
            Self::One(known) if *known == id => return,
            Self::One(_) | Self::Several => Self::Several,
        };
    }
}

#[cfg(test)]
mod tests;
