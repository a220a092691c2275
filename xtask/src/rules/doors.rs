//! Which room may name which crate, and where `unsafe` may stand.

use super::Breach;
use crate::tree::SourceFile;

/// Crates of the agent that have one door each: the name as code spells it, and the room.
const DOORS: [(&str, &str); 7] = [
    ("aya", "kernel"),
    ("aya_log", "kernel"),
    ("aya_obj", "kernel"),
    ("bollard", "docker"),
    ("axum", "api"),
    ("crossterm", "top"),
    ("ratatui", "top"),
];

/// `unsafe` is for the kernel's side alone: its programs, their loader, and the layout that the two share.
const UNSAFE_ROOMS: [&str; 3] = ["agent/src/kernel", "agent-ebpf/", "agent-common/src/user"];

pub(super) fn crates_stay_in_their_room(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (file, number, code) in code(files).filter(|(file, ..)| file.path.starts_with("agent/src/")) {
        for (name, room) in DOORS {
            if !is_in(file, &format!("agent/src/{room}")) && names_crate(code, name) {
                breaches.push(Breach::at(
                    file,
                    number,
                    format!("only agent/src/{room}* names the crate {name}"),
                ));
            }
        }
    }
    breaches
}

pub(super) fn unsafe_stays_in_its_room(files: &[SourceFile]) -> Vec<Breach> {
    code(files)
        .filter(|(file, _, code)| {
            !UNSAFE_ROOMS.iter().any(|room| is_in(file, room)) && words(code).any(|(word, _)| word == "unsafe")
        })
        .map(|(file, number, _)| {
            Breach::at(
                file,
                number,
                format!("`unsafe` stands only in {}", UNSAFE_ROOMS.join(", ")),
            )
        })
        .collect()
}

/// Whether the file is the room's own (`kernel.rs`) or lies in it (`kernel/load.rs`): `kernels.rs` is another room.
fn is_in(file: &SourceFile, room: &str) -> bool {
    file.path
        .strip_prefix(room)
        .is_some_and(|rest| room.ends_with('/') || rest == ".rs" || rest.starts_with('/'))
}

/// Lines of Rust with what stands before a comment.
fn code(files: &[SourceFile]) -> impl Iterator<Item = (&SourceFile, usize, &str)> {
    let rust = files.iter().filter(|file| file.is_rust());
    rust.flat_map(|file| {
        file.lines().map(move |(number, line)| {
            let code = line.split("//").next().unwrap_or_default();
            (file, number, code)
        })
    })
}

/// Identifiers of a line outside string literals, each with what follows it.
fn words(code: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = code;
    let mut quoted = false;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(|c| is_word(c) || c == '"' || c == '\\')?;
            let found = &rest[start..];
            let length = match found.as_bytes().first()? {
                b'"' => {
                    quoted = !quoted;
                    1
                }
                // An escape takes the next character with it, a quote above all.
                b'\\' => 1 + found[1..].chars().next().map_or(0, char::len_utf8),
                _ => found.find(|c| !is_word(c)).unwrap_or(found.len()),
            };
            rest = &found[length..];
            if !quoted && found.starts_with(is_word) {
                return Some((&found[..length], rest));
            }
        }
    })
}

/// `name::` anywhere, or `use name` on its own.
fn names_crate(code: &str, name: &str) -> bool {
    let imports = code
        .trim_start()
        .trim_start_matches("pub ")
        .trim_start_matches("(crate) ")
        .starts_with("use ");
    words(code).any(|(word, after)| {
        word == name && (after.starts_with("::") || (imports && after.starts_with([';', ' ', ','])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn crates(path: &str, text: &str) -> usize {
        crates_stay_in_their_room(&[SourceFile::new(path, text)]).len()
    }

    #[track_caller]
    fn unsafes(path: &str, text: &str) -> usize {
        unsafe_stays_in_its_room(&[SourceFile::new(path, text)]).len()
    }

    #[test]
    fn a_crate_named_outside_its_room_is_found() {
        for text in [
            "use aya::Ebpf;",
            "    let x: axum::Router = y;",
            "use bollard;",
            "use {std::fs, aya::maps};",
        ] {
            assert_eq!(crates("agent/src/sampler.rs", text), 1, "{text}");
            assert_eq!(
                crates("agent/src/main.rs", text),
                1,
                "main has no door of its own: {text}"
            );
        }
        assert_eq!(
            crates("agent/src/kernels.rs", "use aya::Ebpf;"),
            1,
            "a name that begins alike is another room"
        );
    }

    #[test]
    fn a_crate_is_named_in_its_room() {
        assert_eq!(crates("agent/src/kernel.rs", "use aya::Ebpf;"), 0);
        assert_eq!(crates("agent/src/kernel/load.rs", "use aya::Ebpf;"), 0);
        assert_eq!(crates("agent/src/docker/events.rs", "use bollard::Docker;"), 0);
        assert_eq!(crates("agent/src/api.rs", "use axum::Router;"), 0);
    }

    #[test]
    fn a_word_in_a_comment_or_a_string_is_no_code() {
        let file = "agent/src/sampler.rs";
        for text in [
            "// aya::maps are read elsewhere",
            "let x = \"aya::maps\";",
            "maya::new()",
            "fn axum_like() {}",
        ] {
            assert_eq!(crates(file, text), 0, "{text}");
        }
        for text in ["#![forbid(unsafe_code)]", "// unsafe here", "let x = \"unsafe\";"] {
            assert_eq!(unsafes(file, text), 0, "{text}");
        }
    }

    #[test]
    fn unsafe_outside_its_room_is_found() {
        assert_eq!(unsafes("agent/src/node.rs", "    unsafe { libc::geteuid() };"), 1);
        assert_eq!(unsafes("tests/src/lib.rs", "unsafe impl Send for X {}"), 1);
        assert_eq!(unsafes("agent/src/kernel/batch.rs", "unsafe { syscall() }"), 0);
        assert_eq!(unsafes("agent-ebpf/src/maps.rs", "unsafe { read() }"), 0);
    }
}
