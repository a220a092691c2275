//! What may be left out, as the replies have it: left out, and not null.
//!
//! An `Option` is described as a value or null, whether it is left out or written as null. Here, optional members are never null;
//! those that may be are required. Alternatives may overlap, as those of events do: any of them will do.

use serde_json::{Map, Value, json};

/// Takes null from whatever is optional: members of objects, parameters, and objects that are laid into others.
pub(super) fn as_serialized(document: &mut Value) {
    match document {
        Value::Array(values) => values.iter_mut().for_each(as_serialized),
        Value::Object(object) => {
            members(object);
            parameter(object);
            laid_into(object);
            if let Some(alternatives) = object.remove("oneOf") {
                object.insert("anyOf".to_owned(), alternatives);
            }
            object.values_mut().for_each(as_serialized);
        }
        _ => {}
    }
}

fn members(object: &mut Map<String, Value>) {
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| {
        let names = required.as_array();
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let Some(Value::Object(properties)) = object.get_mut("properties") else {
        return;
    };
    for (_, schema) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        without_null(schema);
    }
}

fn parameter(object: &mut Map<String, Value>) {
    if object.contains_key("in")
        && let Some(schema) = object.get_mut("schema")
    {
        without_null(schema);
    }
}

/// An object whose members are all there or none of them.
fn laid_into(object: &mut Map<String, Value>) {
    let Some(Value::Array(parts)) = object.get_mut("allOf") else {
        return;
    };
    for part in parts {
        if without_null(part) {
            *part = json!({"anyOf": [part.take(), {"type": "object"}]});
        }
    }
}

/// Whether there was a null to take.
fn without_null(schema: &mut Value) -> bool {
    let is_null = |kind: &Value| *kind == json!("null") || *kind == json!({"type": "null"});
    for key in ["type", "oneOf"] {
        let Some(Value::Array(kinds)) = schema.get_mut(key) else {
            continue;
        };
        let before = kinds.len();
        kinds.retain(|kind| !is_null(kind));
        if kinds.len() == before {
            return false;
        }
        if let [only] = kinds.as_mut_slice() {
            let only = only.take();
            let Some(schema) = schema.as_object_mut() else {
                return true;
            };
            schema.remove(key);
            match only {
                Value::Object(only) => schema.extend(only),
                kind => {
                    schema.insert(key.to_owned(), kind);
                }
            }
        }
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(mut schema: Value, expected: &Value) {
        as_serialized(&mut schema);
        assert_eq!(schema, *expected);
    }

    #[test]
    fn what_is_left_out_is_not_null() {
        becomes(
            json!({"required": ["b"], "properties": {"a": {"type": ["number", "null"]}, "b": {"type": ["number", "null"]}}}),
            &json!({"required": ["b"], "properties": {"a": {"type": "number"}, "b": {"type": ["number", "null"]}}}),
        );
        becomes(
            json!({"properties": {"a": {"description": "d", "oneOf": [{"type": "null"}, {"$ref": "#/x"}]}}}),
            &json!({"properties": {"a": {"description": "d", "$ref": "#/x"}}}),
        );
        becomes(
            json!({"in": "query", "required": false, "schema": {"type": ["string", "null"]}}),
            &json!({"in": "query", "required": false, "schema": {"type": "string"}}),
        );
        let values = json!({"properties": {"a": {"type": "array", "items": {"type": ["number", "null"]}}}});
        becomes(values.clone(), &values);
    }

    #[test]
    fn alternatives_may_overlap() {
        becomes(
            json!({"oneOf": [{"$ref": "#/x"}, {"$ref": "#/x"}]}),
            &json!({"anyOf": [{"$ref": "#/x"}, {"$ref": "#/x"}]}),
        );
    }

    #[test]
    fn what_is_laid_into_another_object_may_be_missing_as_a_whole() {
        becomes(
            json!({"allOf": [{"oneOf": [{"type": "null"}, {"$ref": "#/x"}]}, {"$ref": "#/y"}]}),
            &json!({"allOf": [{"anyOf": [{"$ref": "#/x"}, {"type": "object"}]}, {"$ref": "#/y"}]}),
        );
    }
}
