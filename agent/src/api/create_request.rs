//! The body of `POST /containers`: three encodings, one meaning.

mod fields;
mod form;
mod json;

use std::num::NonZeroU16;

use bytes::Bytes;

use crate::containers::{
    image::{ImageRef, InvalidImageRef},
    naming::{InvalidServiceName, ServiceName},
};

/// Largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// What a caller may say about a container to create. All else is the agent's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRequest {
    /// What to run.
    pub image: ImageRef,
    /// The service that the container is an instance of.
    pub service: ServiceName,
    /// The port of the host to publish on; `None` leaves the choice to Docker.
    pub port: Option<NonZeroU16>,
}

/// Why a body is not a [`CreateRequest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateRequestError {
    /// No content type, or one that is not read: 415.
    #[error("the content type must be application/x-www-form-urlencoded, multipart/form-data or application/json")]
    UnsupportedMediaType,
    /// More than [`MAX_BODY_BYTES`]: 413.
    #[error("the body is larger than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    /// The body is not what its content type says: 400.
    #[error("the body is not valid {format}: {problem}")]
    Malformed {
        /// `JSON` or `multipart/form-data`.
        format: &'static str,
        /// What the parser did not like, and where.
        problem: String,
    },
    /// One field is missing or wrong: 422.
    #[error("`{field}` {problem}")]
    Field {
        /// Its name; of an unknown one the printable beginning.
        field: String,
        /// What is wrong with it.
        problem: FieldProblem,
    },
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// A required field was not given.
    #[error("is missing")]
    Missing,
    /// A field was given twice: the agent does not choose.
    #[error("is given more than once")]
    Repeated,
    /// Not a field of this request; only JSON is read so strictly.
    #[error("is not known here, the fields are `image`, `service` and `port`")]
    Unknown,
    /// A value of another JSON type.
    #[error("must be a string")]
    NotAString,
    /// The bytes of the value are not text.
    #[error("is not valid UTF-8")]
    NotUtf8,
    /// Not a port number.
    #[error("must be a whole number from 1 to 65535")]
    NotAPort,
    /// Not a reference to an image.
    #[error(transparent)]
    Image(#[from] InvalidImageRef),
    /// Not the name of a service.
    #[error(transparent)]
    Service(#[from] InvalidServiceName),
}

impl CreateRequest {
    /// Reads a body of the type that its `Content-Type` header says.
    ///
    /// It waits for nothing outside: the whole body is there.
    pub async fn from_body(content_type: Option<&str>, body: Bytes) -> Result<Self, CreateRequestError> {
        let content_type = content_type.ok_or(CreateRequestError::UnsupportedMediaType)?;
        let encoding = Encoding::of(content_type).ok_or(CreateRequestError::UnsupportedMediaType)?;
        if body.len() > MAX_BODY_BYTES {
            return Err(CreateRequestError::TooLarge);
        }
        let fields = match encoding {
            Encoding::UrlEncoded => form::url_encoded(&body)?,
            Encoding::Multipart => form::multipart(content_type, body).await?,
            Encoding::Json => json::fields(&body)?,
        };
        fields.validated()
    }
}

#[derive(Clone, Copy)]
enum Encoding {
    UrlEncoded,
    Multipart,
    Json,
}

impl Encoding {
    /// Parameters such as `charset` and `boundary` do not matter here, nor does upper case.
    fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        [
            ("application/x-www-form-urlencoded", Self::UrlEncoded),
            ("multipart/form-data", Self::Multipart),
            ("application/json", Self::Json),
        ]
        .into_iter()
        .find_map(|(name, encoding)| essence.eq_ignore_ascii_case(name).then_some(encoding))
    }
}

#[cfg(test)]
mod tests;
