//! The files of tokens: no token of one role is also of the other, and nothing short is one.

#![no_main]

use balancer_agent::access::{Role, tokens::Tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let (read, admin) = texts;
    let Ok(tokens) = Tokens::parse(Some(read), Some(admin)) else {
        return;
    };
    for (text, role) in [(read, Role::Read), (admin, Role::Admin)] {
        for line in text.lines().map(str::trim) {
            if let Some((found, _)) = tokens.find(line.as_bytes()) {
                assert_eq!(found, role, "{line:?}");
                assert!(line.len() >= 32 && line.is_ascii(), "{line:?}");
            }
        }
    }
    assert!(tokens.find(b"").is_none());
});
