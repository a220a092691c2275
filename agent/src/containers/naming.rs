//! How services name their containers: `{service}-{index}-{random}`.

use std::{fmt, str::FromStr};

/// The name of a service: `[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}`.
///
/// Whatever it is, the names made of it are valid container names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceName(Box<str>);

/// The text is not the name of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 letters, digits, `_`, `.` or `-`, beginning with a letter or digit")]
pub struct InvalidServiceName;

/// The random part of a container's name is below this.
pub const RANDOM_BELOW: u16 = 1000;

impl ServiceName {
    /// Longest name of a service.
    pub const MAX_BYTES: usize = 63;

    /// The name as the caller wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = InvalidServiceName;

    fn from_str(text: &str) -> Result<Self, InvalidServiceName> {
        let valid = text.len() <= Self::MAX_BYTES
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidServiceName)
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Name for the container with this index; `random` counts modulo [`RANDOM_BELOW`].
pub fn instance_name(service: &ServiceName, index: u32, random: u16) -> String {
    format!("{service}-{index}-{}", random % RANDOM_BELOW)
}

/// The index that [`instance_name`] put into this name; `None` for any name that it does not make for this service.
///
/// A leading slash, as Docker writes it, is passed over.
pub fn instance_index(service: &ServiceName, container_name: &str) -> Option<u32> {
    let (index, random) = without_slash(container_name)
        .strip_prefix(service.as_str())?
        .strip_prefix('-')?
        .split_once('-')?;
    let index = canonical_number(index).filter(|index| *index > 0)?;
    canonical_number(random).filter(|random| *random < u32::from(RANDOM_BELOW))?;
    Some(index)
}

/// The service a container belongs to: its label, else what stands before the first `-` of its name.
///
/// An empty label names no service. A leading slash of the name, as Docker writes it, is passed over.
pub fn service_of<'a>(label: Option<&'a str>, container_name: &'a str) -> &'a str {
    let name = without_slash(container_name);
    label
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| name.split_once('-').map_or(name, |(service, _)| service))
}

/// The smallest number from 1 that is not used; 0 and repeated numbers do not matter.
pub fn smallest_free_index(used: impl Iterator<Item = u32>) -> u32 {
    let mut used: Vec<u32> = used.collect();
    used.sort_unstable();
    used.into_iter().fold(
        1,
        |free, index| {
            if index == free { free.saturating_add(1) } else { free }
        },
    )
}

fn without_slash(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

/// A number without sign or leading zeros, as formatting writes it.
fn canonical_number(text: &str) -> Option<u32> {
    let plain = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
