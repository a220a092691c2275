use std::sync::LazyLock;

use proptest::{prelude::*, sample::Index};
use regex::Regex;

use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The published grammar as one expression: slow, but the same thing said in another way.
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    let label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
    let host = format!(r"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])");
    let component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    let name = format!("(?:{host}(?::[0-9]+)?/)?{component}(?:/{component})*");
    let tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
    let digest = "sha256:[a-f0-9]{64}";
    Regex::new(&format!(r"\A({name})(?::({tag}))?(?:@({digest}))?\z")).unwrap()
});

fn pulled(text: &str) -> Option<(String, String)> {
    let image: ImageRef = text.parse().unwrap();
    assert_eq!(image.to_string(), text);
    image
        .pull_target()
        .map(|target| (target.repository.to_owned(), target.version.to_owned()))
}

#[test]
fn a_reference_is_split_into_what_a_registry_is_asked_for() {
    let digest = format!("sha256:{HEX}");
    for (text, repository, version) in [
        ("nginx", "nginx", "latest"),
        ("nginx:1.25", "nginx", "1.25"),
        ("library/nginx:UPPER_Tag.1-x", "library/nginx", "UPPER_Tag.1-x"),
        ("nginx:_", "nginx", "_"),
        ("localhost:5000", "localhost", "5000"),
        ("localhost:5000/a", "localhost:5000/a", "latest"),
        ("127.0.0.1:5000/a/b-c:1", "127.0.0.1:5000/a/b-c", "1"),
        ("Registry.Example:443/team/app:2", "Registry.Example:443/team/app", "2"),
        ("HOST/app", "HOST/app", "latest"),
        ("[::1]:5000/app", "[::1]:5000/app", "latest"),
        ("[fe80::1]/app:1", "[fe80::1]/app", "1"),
        ("a__b/c--d/e_f.g", "a__b/c--d/e_f.g", "latest"),
        ("a---b", "a---b", "latest"),
        // the beginning of an id, or a name: only the engine can tell
        ("0123456789ab", "0123456789ab", "latest"),
        ("sha256:abc", "sha256", "abc"),
        (&format!("app@{digest}"), "app", &digest),
        (&format!("host:1/app:tag@{digest}"), "host:1/app", &digest),
    ] {
        assert_eq!(
            pulled(text),
            Some((repository.to_owned(), version.to_owned())),
            "{text}"
        );
    }
}

#[test]
fn the_id_of_an_image_can_be_run_but_not_pulled() {
    assert_eq!(pulled(HEX), None);
    assert_eq!(pulled(&format!("sha256:{HEX}")), None);
}

#[test]
fn a_bad_reference_is_refused_with_the_part_that_is_wrong() {
    use InvalidImageRef::{Digest, Empty, Name, Tag, TooLong};

    let hex_upper = HEX.to_uppercase();
    for (text, problem) in [
        ("", Empty),
        (" ", Name),
        (" nginx", Name),
        ("nginx ", Name),
        ("nginx\n", Name),
        ("nginx\0", Name),
        ("nginx\t", Name),
        ("ngi nx", Name),
        ("Nginx", Name),
        ("host/Nginx", Name),
        ("http://host/app", Name),
        ("https://host:5000/app:1", Name),
        ("docker://app", Name),
        ("/app", Name),
        ("app/", Name),
        ("a//b", Name),
        ("../../images/x", Name),
        ("a/../b", Name),
        ("a/./b", Name),
        ("-app", Name),
        ("app-", Name),
        ("a..b", Name),
        ("a___b", Name),
        ("a._b", Name),
        ("a_-b", Name),
        ("--privileged", Name),
        ("app?x=1", Name),
        ("app#x", Name),
        ("app%2f", Name),
        ("äpp", Name),
        ("аpp", Name),
        ("a:b:c", Name),
        (":tag", Name),
        ("@", Name),
        ("host:/app", Name),
        ("host:port/app", Name),
        ("host:5000/", Name),
        ("-host.x/app", Name),
        ("HOST-/app", Name),
        ("Host..x/app", Name),
        ("[::1]", Name),
        ("[]/app", Name),
        ("[::g]/app", Name),
        ("[::1/app", Name),
        ("[::1]x/app", Name),
        ("app:", Tag),
        ("app:-1", Tag),
        ("app:.1", Tag),
        ("app:ta g", Tag),
        ("app:täg", Tag),
        ("app:1\n", Tag),
        (&format!("app:{}", "t".repeat(129)), Tag),
        ("app@", Digest),
        ("app@sha256:", Digest),
        ("app@sha256:abc", Digest),
        ("app@latest", Digest),
        (&format!("app@{HEX}"), Digest),
        (&format!("app@sha256:{hex_upper}"), Digest),
        (&format!("app@sha256:{HEX}0"), Digest),
        (&format!("app@sha256:{HEX}@sha256:{HEX}"), Digest),
        (&format!("app@sha512:{HEX}{HEX}"), Digest),
        (&hex_upper, Name),
        (&"a".repeat(256), TooLong),
        (&"a".repeat(5000), TooLong),
        (&"\0".repeat(5000), TooLong),
        (&"é".repeat(300), TooLong),
    ] {
        assert_eq!(text.parse::<ImageRef>(), Err(problem), "{text:?}");
    }
}

#[test]
fn the_longest_parts_are_accepted() {
    let text = format!("{}:{}@sha256:{HEX}", "a".repeat(255), "t".repeat(128));
    assert!(text.len() <= ImageRef::MAX_BYTES);
    assert!(text.parse::<ImageRef>().is_ok());
}

fn valid() -> impl Strategy<Value = String> {
    let host =
        "([a-zA-Z0-9]([a-zA-Z0-9-]{0,3}[a-zA-Z0-9])?(\\.[a-z0-9]{1,3}){0,2}|\\[[a-f0-9:]{1,6}\\])(:[0-9]{1,5})?/";
    let component = "[a-z0-9]{1,3}(([._]|__|-{1,3})[a-z0-9]{1,2}){0,2}";
    let tag = ":[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,5}";
    let digest = "@sha256:[a-f0-9]{64}";
    prop::string::string_regex(&format!("({host})?{component}(/{component}){{0,2}}({tag})?({digest})?")).unwrap()
}

/// One character put in, put over another, or taken away.
fn damaged() -> impl Strategy<Value = String> {
    let character = prop::sample::select("a0A:/@.-_[] %?#\n\0é".chars().collect::<Vec<_>>());
    (valid(), any::<Index>(), prop::option::of(character), any::<bool>()).prop_map(|(text, at, character, insert)| {
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        let removed = if insert { at..at } else { at..at + 1 };
        characters.splice(removed, character);
        characters.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn every_reference_made_by_the_grammar_is_accepted(text in valid()) {
        prop_assert!(text.parse::<ImageRef>().is_ok());
    }

    #[test]
    fn any_text_is_judged_and_split_as_the_grammar_says(
        text in prop_oneof![valid(), damaged(), "[a0A:/@._\\[\\]-]{0,12}", "\\PC{0,600}"],
    ) {
        let expected = GRAMMAR.captures(&text).filter(|parts| parts[1].len() <= ImageRef::MAX_NAME_BYTES);
        match (text.parse::<ImageRef>(), expected) {
            (Ok(image), Some(parts)) => {
                let version = parts.get(3).or(parts.get(2)).map_or("latest", |part| part.as_str());
                let expected = PullTarget { repository: parts.get(1).unwrap().as_str(), version };
                prop_assert_eq!(image.pull_target(), Some(expected));
            }
            (parsed, expected) => prop_assert!(parsed.is_err() && expected.is_none(), "{:?}", parsed),
        }
    }
}
