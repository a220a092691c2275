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
        "", "-web", ".web", "_web", "/web", "we b", "web\n", "web\0", "wéb", "a/b", "a:b", &too_long,
    ] {
        assert_eq!(name.parse::<ServiceName>(), Err(InvalidServiceName), "{name:?}");
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
