//! Replies of an agent that ran, each beside the schema that it follows.

use serde_json::Value;

/// A reply.
pub(super) struct Example {
    pub(super) operation: &'static str,
    pub(super) status: &'static str,
    pub(super) content_type: &'static str,
    pub(super) text: &'static str,
}

pub(super) const EXAMPLES: &[Example] = &[];

/// Adds them to the replies of the document.
pub(super) fn add(document: &mut Value) {
    for example in EXAMPLES {
        if let Some(content) = content(document, example) {
            let text = || Value::String(example.text.to_owned());
            content["example"] = serde_json::from_str(example.text).unwrap_or_else(|_| text());
        }
    }
}

/// Where in the document it belongs.
pub(super) fn content<'d>(document: &'d mut Value, example: &Example) -> Option<&'d mut Value> {
    let paths = document.get_mut("paths")?.as_object_mut()?;
    let operations = paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|path| path.values_mut());
    let mut of_this_name = operations.filter(|operation| operation["operationId"] == example.operation);
    let response = of_this_name.next()?.get_mut("responses")?.get_mut(example.status)?;
    response.get_mut("content")?.get_mut(example.content_type)
}
