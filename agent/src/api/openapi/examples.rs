//! Replies of an agent that ran, each beside the schema that it follows.

use serde_json::Value;

/// A reply.
pub(super) struct Example {
    /// The operation that it answers.
    pub(super) operation: &'static str,
    pub(super) status: &'static str,
    pub(super) content_type: &'static str,
    pub(super) text: &'static str,
}

impl Example {
    /// What JSON says, or the text as it is.
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(self.text).unwrap_or_else(|_| Value::String(self.text.to_owned()))
    }
}

const fn json(operation: &'static str, status: &'static str, text: &'static str) -> Example {
    Example {
        operation,
        status,
        content_type: "application/json",
        text,
    }
}

const fn text(operation: &'static str, content_type: &'static str, text: &'static str) -> Example {
    Example {
        operation,
        status: "200",
        content_type,
        text,
    }
}

/// Those of metrics are the beginning of a scrape.
pub(super) const EXAMPLES: &[Example] = &[
    text("livez", "text/plain; charset=utf-8", "ok\n"),
    text("readyz", "text/plain; charset=utf-8", "ok\n"),
    json("nodeStatus", "200", include_str!("examples/node_status.json")),
    json("nodeHistory", "200", include_str!("examples/node_history.json")),
    text(
        "metrics",
        "text/plain; version=0.0.4; charset=utf-8",
        include_str!("examples/metrics.txt"),
    ),
    text(
        "metrics",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        include_str!("examples/openmetrics.txt"),
    ),
    json(
        "containersStatus",
        "200",
        include_str!("examples/containers_status.json"),
    ),
    text(
        "containerEvents",
        "text/event-stream",
        include_str!("examples/container_events.txt"),
    ),
    json("listContainers", "200", include_str!("examples/list_containers.json")),
    json(
        "createContainer",
        "201",
        include_str!("examples/inspect_container.json"),
    ),
    json(
        "inspectContainer",
        "200",
        include_str!("examples/inspect_container.json"),
    ),
    json("containerStatus", "200", include_str!("examples/container_status.json")),
    json(
        "containerHistory",
        "200",
        include_str!("examples/container_history.json"),
    ),
];

/// Adds them to the replies of the document.
pub(super) fn add(document: &mut Value) {
    for example in EXAMPLES {
        if let Some(content) = content(document, example) {
            content["example"] = example.value();
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
