//! The `{id}` of a URL: what is taken holds nothing that means anything in a path, and resolves to what begins so.

#![no_main]

use balancer_agent::containers::id::{ContainerId, ContainerRef};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let candidates = [
        ("0123456789abcdef".repeat(4), "/web-1-320"),
        ("0123456789abcdee".repeat(4), "/web-2-7"),
        ("cafe".repeat(16), "/cafe"),
    ];
    let ids: Vec<(ContainerId, &str)> = candidates
        .iter()
        .map(|(id, name)| (id.parse().expect("a full id"), *name))
        .collect();
    let Ok(reference) = text.parse::<ContainerRef>() else {
        return;
    };
    assert!(
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)),
        "{text:?}"
    );
    assert!(!text.starts_with('.'), "{text:?}");
    if let Ok(id) = reference.resolve(ids.iter().copied()) {
        let (_, name) = ids.iter().find(|(known, _)| *known == id).expect("one of those");
        assert!(id.to_string().starts_with(text) || name[1..] == *text, "{text:?}");
    }
});
