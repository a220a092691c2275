//! Pages of `docs/` that are made from the code: each is held against what the code makes, and written anew where the
//! environment variable `UPDATE_DOCS` is set.

use std::{fs, path::PathBuf};

const END: &str = "<!-- end -->";

/// All of `docs/NAME` is this text.
#[track_caller]
pub(crate) fn hold(name: &str, text: &str) {
    let path = path(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/{name} is not what the code makes; this writes it anew: UPDATE_DOCS=1 cargo test -p balancer-agent --lib"
    );
}

/// `docs/NAME` has this text between `<!-- generated: PART -->` and `<!-- end -->`; all else on it is written by hand.
#[track_caller]
pub(crate) fn hold_part(name: &str, part: &str, text: &str) {
    let page = fs::read_to_string(path(name)).unwrap();
    hold(name, &with_part(&page, part, text));
}

#[track_caller]
fn with_part(page: &str, part: &str, text: &str) -> String {
    let start = format!("<!-- generated: {part} -->\n");
    let (before, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("the page has no line {start:?}"));
    let at = rest.find(END).unwrap_or_else(|| panic!("the part {part:?} has no end"));
    format!("{before}{start}{text}{}", &rest[at..])
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

#[test]
fn only_the_part_is_written_anew() {
    let page = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n";
    assert_eq!(with_part(page, "x", "new\n"), page.replace("old", "new"));
}
