use std::{collections::BTreeSet, path::Path};

use regex::Regex;
use serde_json::json;

use super::{
    examples::{EXAMPLES, content},
    *,
};

/// The text of `docs/openapi.json`.
fn text() -> String {
    format!("{:#}\n", document())
}

#[test]
fn the_document_in_docs_is_what_the_code_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, text()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text(),
        "docs/openapi.json is not what the code makes; this writes it anew: \
         UPDATE_OPENAPI=1 cargo test -p balancer-agent --lib openapi"
    );
}
