//! A JSON object. Read strictly: what is not known is refused, for a program wrote it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::{
    CreateRequestError, FieldProblem,
    fields::{Field, Fields},
};

/// Longest part of an unknown name that is told back.
const MAX_SHOWN_CHARS: usize = 40;

pub(super) fn fields(body: &[u8]) -> Result<Fields, CreateRequestError> {
    let Members(members) = serde_json::from_slice(body).map_err(|error| CreateRequestError::Malformed {
        format: "JSON",
        problem: error.to_string(),
    })?;
    let mut fields = Fields::default();
    for (name, value) in members {
        let field = Field::named(&name).ok_or_else(|| unknown(&name))?;
        if let Some(text) = text_of(field, value)? {
            fields.set(field, text)?;
        }
    }
    Ok(fields)
}

/// The members in their order, repeated ones too: a derived struct would not say which field is wrong.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `image`, `service` and `port`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// `null` is how JSON leaves a field out.
fn text_of(field: Field, value: Value) -> Result<Option<String>, CreateRequestError> {
    match (field, value) {
        (_, Value::Null) => Ok(None),
        (_, Value::String(text)) => Ok(Some(text)),
        // only whole numbers are written as digits: 80.0 and 1e3 are not ports
        (Field::Port, Value::Number(number)) => Ok(Some(number.to_string())),
        (Field::Port, _) => Err(field.problem(FieldProblem::NotAPort)),
        _ => Err(field.problem(FieldProblem::NotAString)),
    }
}

fn unknown(name: &str) -> CreateRequestError {
    CreateRequestError::Field {
        field: name.escape_debug().take(MAX_SHOWN_CHARS).collect(),
        problem: FieldProblem::Unknown,
    }
}
