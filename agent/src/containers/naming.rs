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
    used.into_iter().fold(1, |free, index| {
        if index == free {
            free.saturating_add(1)
        } else {
            free
        }
    })
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
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::containers::id::ContainerRef;

    const SERVICE: &str = "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}";

    fn service(name: &str) -> ServiceName {
        name.parse().unwrap()
    }

    #[test]
    fn the_name_of_a_service_keeps_to_its_grammar() {
        let longest = "s".repeat(63);
        for name in ["a", "0", "web", "my-web.v2_x", "a-", &longest] {
            assert_eq!(service(name).as_str(), name);
        }
        let too_long = "s".repeat(64);
        for name in [
            "", "-web", ".web", "_web", "/web", "we b", "web\n", "web\0", "wéb", "a/b", "a:b",
            &too_long,
        ] {
            assert_eq!(
                name.parse::<ServiceName>(),
                Err(InvalidServiceName),
                "{name:?}"
            );
        }
    }

    #[test]
    fn an_index_is_read_only_from_names_made_for_that_service() {
        for (of, name, index) in [
            ("web", "web-1-0", Some(1)),
            ("web", "/web-12-999", Some(12)),
            ("my-web", "my-web-3-44", Some(3)),
            ("a-1", "a-1-2-3", Some(2)),
            ("a", "a-1-2-3", None),
            ("a", "a-1-5", Some(1)),
            ("a-1", "a-1-5", None),
            ("web", "web-4294967295-1", Some(u32::MAX)),
            ("web", "web-4294967296-1", None),
            ("web", "web-0-1", None),
            ("web", "web-01-1", None),
            ("web", "web-+1-1", None),
            ("web", "web-1-1000", None),
            ("web", "web-1-007", None),
            ("web", "web-1-", None),
            ("web", "web--1", None),
            ("web", "web-1", None),
            ("web", "web", None),
            ("web", "web2-1-1", None),
            ("web", "Web-1-1", None),
            ("web", "//web-1-1", None),
            ("web", "", None),
        ] {
            assert_eq!(instance_index(&service(of), name), index, "{of} {name}");
        }
    }

    #[test]
    fn a_service_is_told_by_the_label_first() {
        for (label, name, expected) in [
            (Some("my-web"), "/other-1-2", "my-web"),
            (Some(""), "/web-1-2", "web"),
            (None, "/web-1-2", "web"),
            (None, "web-1-2", "web"),
            (None, "/registry", "registry"),
            (None, "-x", ""),
            (None, "/", ""),
            (None, "", ""),
        ] {
            assert_eq!(service_of(label, name), expected, "{label:?} {name}");
        }
    }

    #[test]
    fn the_smallest_free_index_fills_gaps() {
        for (used, free) in [
            (&[][..], 1),
            (&[0], 1),
            (&[2, 3], 1),
            (&[1, 1, 2, 5], 3),
            (&[3, 1, 2], 4),
            (&[u32::MAX, 1], 2),
        ] {
            assert_eq!(smallest_free_index(used.iter().copied()), free, "{used:?}");
        }
    }

    proptest! {
        #[test]
        fn the_index_of_a_made_name_is_read_back(name in SERVICE, index in 1u32.., random: u16) {
            let service = service(&name);
            let container = instance_name(&service, index, random);
            prop_assert_eq!(instance_index(&service, &container), Some(index));
            prop_assert!(container.parse::<ContainerRef>().is_ok());
        }

        #[test]
        fn a_name_gives_an_index_only_if_it_would_be_made_so(name in "/?(a|a-1)(-[0-9+]{0,4}){0,4}") {
            for service in ["a", "a-1"].map(service) {
                if let Some(index) = instance_index(&service, &name) {
                    let bare = without_slash(&name);
                    let random = bare.rsplit_once('-').unwrap().1.parse().unwrap();
                    prop_assert_eq!(instance_name(&service, index, random), bare);
                }
            }
        }

        #[test]
        fn the_smallest_free_index_is_free_and_all_below_it_are_used(
            used in prop::collection::vec(prop_oneof![0u32..20, any::<u32>()], 0..30),
        ) {
            let free = smallest_free_index(used.iter().copied());
            let used: BTreeSet<u32> = used.into_iter().collect();
            prop_assert!(free > 0 && !used.contains(&free));
            prop_assert!((1..free).all(|index| used.contains(&index)));
        }
    }
}
