//! Parameters that several routes have.

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// Which container.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what the routes take as text")]
pub(in super::super) struct Id {
    /// A full id of 64 hex digits, a unique prefix of at least 4, or a name.
    #[param(min_length = 1)]
    id: String,
}

/// A text that is one of these.
pub(in super::super) fn one_of(words: &[&'static str]) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(words.iter().copied())).into()
}
