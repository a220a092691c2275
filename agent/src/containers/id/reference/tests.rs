use proptest::prelude::*;

use super::*;

fn id(prefix: &str) -> ContainerId {
    format!("{prefix:0<64}").parse().unwrap()
}

fn resolve(text: &str, known: &[(ContainerId, &str)]) -> Result<ContainerId, ResolveError> {
    let reference: ContainerRef = text.parse().unwrap();
    reference.resolve(known.iter().copied())
}

#[test]
fn a_reference_is_told_by_its_form() {
    let full = "0123456789abcdef".repeat(4);
    assert!(matches!(full.parse(), Ok(ContainerRef::Full(_))));
    for prefix in ["cafe", "0000", "0123456789ab", &full[1..]] {
        assert!(matches!(prefix.parse(), Ok(ContainerRef::Prefix(_))), "{prefix}");
    }
    let long = "n".repeat(255);
    for name in [
        "abc",
        "a1",
        "web-1-17",
        "CAFE",
        "caFe",
        "0_",
        "a..",
        "a.b-c_d",
        &format!("{full}0"),
        &full.to_uppercase(),
        &long,
    ] {
        assert!(matches!(name.parse(), Ok(ContainerRef::Name(_))), "{name}");
    }
}

#[test]
fn what_could_lead_a_docker_url_astray_is_refused() {
    for text in [
        "",
        "a",
        "/",
        "/web",
        ".",
        "..",
        "../..",
        "../images/alpine",
        "..\\images",
        "web/../x",
        "web?force=1",
        "web#",
        "web&v=1",
        "web%2F",
        "-web",
        "_web",
        ".web",
        "web x",
        " web",
        "web\n",
        "web\r\nHost: x",
        "web\0",
        "wéb",
        "ｗeb",
        "wеb",
        "web:80",
        "web@",
        "web*",
        &"a".repeat(256),
        &"z".repeat(5000),
        &"a".repeat(5000),
        &"../".repeat(2000),
    ] {
        assert_eq!(text.parse::<ContainerRef>(), Err(InvalidRef), "{text:?}");
    }
}

#[test]
fn id_comes_before_name_and_name_before_prefix() {
    let (a, b, c) = (id("cafe"), id("cafe1"), id("beef"));
    let known = [(a, "/web-1-1"), (b, "web-2-2"), (c, "/cafe")];
    for (text, meant) in [
        (a.to_string().as_str(), Ok(a)),
        ("web-1-1", Ok(a)),
        ("web-2-2", Ok(b)),
        // the name of one is the prefix of two others
        ("cafe", Ok(c)),
        ("cafe0", Ok(a)),
        ("cafe1", Ok(b)),
        ("beef", Ok(c)),
        ("beef1", Err(ResolveError::NotFound)),
        ("web-1", Err(ResolveError::NotFound)),
        ("WEB-1-1", Err(ResolveError::NotFound)),
        ("CAFE0", Err(ResolveError::NotFound)),
        // three digits are a name only
        ("bee", Err(ResolveError::NotFound)),
        (id("1").to_string().as_str(), Err(ResolveError::NotFound)),
    ] {
        assert_eq!(resolve(text, &known), meant, "{text}");
    }
    assert_eq!(resolve("cafe", &known[..2]), Err(ResolveError::Ambiguous));
    assert_eq!(resolve("cafe", &[]), Err(ResolveError::NotFound));
}

#[test]
fn a_name_of_64_hex_digits_is_found_but_never_instead_of_the_id() {
    let (a, b) = (id("a"), id("b"));
    let text = a.to_string();
    assert_eq!(resolve(&text, &[(b, &text)]), Ok(b));
    assert_eq!(resolve(&text, &[(b, &text), (a, "web")]), Ok(a));
    assert_eq!(resolve(&text, &[(a, "web"), (b, &text)]), Ok(a));
}

#[test]
fn a_container_with_several_names_is_still_one() {
    let a = id("cafe");
    let known = [(a, "/web"), (a, "/db/alias"), (a, "/web")];
    assert_eq!(resolve("cafe", &known), Ok(a));
    assert_eq!(resolve("web", &known), Ok(a));
    assert_eq!(
        resolve("web", &[(a, "web"), (id("b"), "/web")]),
        Err(ResolveError::Ambiguous)
    );
}

proptest! {
    #[test]
    fn a_valid_reference_is_harmless_in_a_url(text in "\\PC{0,80}|[a-f0-9/.%?#\\\\]{0,70}") {
        if text.parse::<ContainerRef>().is_ok() {
            prop_assert!(text.len() <= ContainerName::MAX_BYTES);
            prop_assert!(!text.starts_with('.'));
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)));
        }
    }

    #[test]
    fn a_prefix_finds_exactly_the_ids_whose_text_begins_so(
        // few distinct leading digits, so that they often share a prefix
        heads in prop::collection::vec("[ab]{5}", 0..6),
        wanted in "[ab]{4,6}",
    ) {
        let known: Vec<_> = heads.iter().map(|head| (id(head), "no-such-name")).collect();
        let mut fits: Vec<_> =
            known.iter().map(|(id, _)| *id).filter(|id| id.to_string().starts_with(&wanted)).collect();
        fits.sort_unstable();
        fits.dedup();
        let expected = match fits[..] {
            [] => Err(ResolveError::NotFound),
            [one] => Ok(one),
            _ => Err(ResolveError::Ambiguous),
        };
        prop_assert_eq!(resolve(&wanted, &known), expected);
    }

    #[test]
    fn the_order_of_the_table_does_not_matter(
        mut known in prop::collection::vec(("[ab]{4}", "[ab]{4,5}"), 0..5),
        wanted in "[ab]{4,5}",
    ) {
        let rows = |known: &[(String, String)]| {
            resolve(&wanted, &known.iter().map(|(head, name)| (id(head), name.as_str())).collect::<Vec<_>>())
        };
        let forward = rows(&known);
        known.reverse();
        prop_assert_eq!(forward, rows(&known));
    }
}
