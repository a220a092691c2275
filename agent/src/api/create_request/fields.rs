//! The fields of the request as text, whatever encoding they came in.

use std::num::NonZeroU16;

use super::{CreateRequest, CreateRequestError, FieldProblem};

/// A field that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Image,
    Service,
    Port,
}

/// What was given so far, not looked into yet.
#[derive(Debug, Default)]
pub(super) struct Fields {
    image: Option<String>,
    service: Option<String>,
    port: Option<String>,
}

impl Field {
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Image, Self::Service, Self::Port]
            .into_iter()
            .find(|field| field.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Service => "service",
            Self::Port => "port",
        }
    }

    pub(super) fn problem(self, problem: impl Into<FieldProblem>) -> CreateRequestError {
        CreateRequestError::Field {
            field: self.name().to_owned(),
            problem: problem.into(),
        }
    }
}

impl Fields {
    pub(super) fn set(&mut self, field: Field, text: String) -> Result<(), CreateRequestError> {
        let slot = match field {
            Field::Image => &mut self.image,
            Field::Service => &mut self.service,
            Field::Port => &mut self.port,
        };
        match slot.replace(text) {
            None => Ok(()),
            Some(_) => Err(field.problem(FieldProblem::Repeated)),
        }
    }

    /// A form has no other way to leave out a field that it shows.
    pub(super) fn without_empty_port(self) -> Self {
        Self {
            port: self.port.filter(|port| !port.is_empty()),
            ..self
        }
    }

    pub(super) fn validated(self) -> Result<CreateRequest, CreateRequestError> {
        let required = |field: Field, text: Option<String>| text.ok_or_else(|| field.problem(FieldProblem::Missing));
        Ok(CreateRequest {
            image: required(Field::Image, self.image)?
                .parse()
                .map_err(|problem| Field::Image.problem(FieldProblem::Image(problem)))?,
            service: required(Field::Service, self.service)?
                .parse()
                .map_err(|problem| Field::Service.problem(FieldProblem::Service(problem)))?,
            port: self.port.as_deref().map(port).transpose()?,
        })
    }
}

/// Decimal digits without sign, space or leading zero: there is one way to write a port.
fn port(text: &str) -> Result<NonZeroU16, CreateRequestError> {
    text.parse()
        .ok()
        .filter(|_| text.starts_with(|first: char| first.is_ascii_digit() && first != '0'))
        .ok_or_else(|| Field::Port.problem(FieldProblem::NotAPort))
}
