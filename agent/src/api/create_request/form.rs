//! Forms, as browsers and `curl -d` or `curl -F` write them. Unknown fields are passed over.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;

use super::{
    CreateRequestError, FieldProblem,
    fields::{Field, Fields},
};

pub(super) fn url_encoded(body: &[u8]) -> Result<Fields, CreateRequestError> {
    let mut fields = Fields::default();
    // Bytes that are not UTF-8 become U+FFFD here, which no field accepts.
    for (name, value) in form_urlencoded::parse(body) {
        if let Some(field) = Field::named(&name) {
            fields.set(field, value.into_owned())?;
        }
    }
    Ok(fields.without_empty_port())
}

/// Needs no bound of its own: all it can hold is `body`.
pub(super) async fn multipart(content_type: &str, body: Bytes) -> Result<Fields, CreateRequestError> {
    let boundary = multer::parse_boundary(content_type).map_err(|error| malformed(&error))?;
    let body = stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts = Multipart::new(body, boundary);
    let mut fields = Fields::default();
    while let Some(part) = parts.next_field().await.map_err(|error| malformed(&error))? {
        let Some(field) = part.name().and_then(Field::named) else {
            continue;
        };
        let value = part.bytes().await.map_err(|error| malformed(&error))?;
        let text = str::from_utf8(&value).map_err(|_| field.problem(FieldProblem::NotUtf8))?;
        fields.set(field, text.to_owned())?;
    }
    Ok(fields.without_empty_port())
}

fn malformed(error: &multer::Error) -> CreateRequestError {
    CreateRequestError::Malformed {
        format: "multipart/form-data",
        problem: error.to_string(),
    }
}
