//! The bodies of `POST /containers`, which are read by hand for the sake of their errors.

use serde::Deserialize;
use utoipa::{
    ToSchema,
    openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type},
};

use crate::containers::image::ImageRef;

/// A container to create, as a form. Other fields are passed over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the parser of forms takes")]
pub(in super::super) struct CreateForm {
    #[schema(schema_with = image)]
    image: String,
    /// The service that it is an instance of.
    #[schema(pattern = "^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$", example = "web")]
    service: String,
    #[schema(schema_with = port_of_form)]
    port: Option<String>,
}

/// A container to create, as JSON. Other fields are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the parser of JSON takes")]
pub(in super::super) struct CreateJson {
    #[schema(schema_with = image)]
    image: String,
    /// The service that it is an instance of.
    #[schema(pattern = "^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$", example = "web")]
    service: String,
    #[schema(schema_with = port_of_json)]
    port: Option<u16>,
}

/// Docker's grammar of references, as one expression.
pub(super) fn image_pattern() -> String {
    let label = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?";
    let host = format!(r"({label}(\.{label})*|\[[a-fA-F0-9:]+\])(:[0-9]+)?");
    let component = "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*";
    let tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
    format!("^({host}/)?{component}(/{component})*(:{tag})?(@sha256:[a-f0-9]{{64}})?$")
}

fn image() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = text
        .pattern(Some(image_pattern()))
        .max_length(Some(ImageRef::MAX_BYTES));
    text.description(Some("What to run, as `docker run` takes it."))
        .examples(["hello"])
        .into()
}

/// Numbers from 1 to 65535, in one way of writing them.
const PORT: &str = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]";

fn port_of_form() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = text.pattern(Some(format!("^({PORT})?$"))).examples(["8080"]);
    let what = "The port of the host to publish on, in decimal digits; Docker picks one if it is empty or not given.";
    text.description(Some(what)).into()
}

fn port_of_json() -> Schema {
    // an `AnyOf`, since of a `OneOf` null is taken away
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let digits = ObjectBuilder::new().schema_type(Type::String);
    let what =
        "The port of the host to publish on, as a number or its digits; Docker picks one if it is null or not given.";
    AnyOfBuilder::new()
        .item(number.minimum(Some(1)).maximum(Some(65535)))
        .item(digits.pattern(Some(format!("^({PORT})$"))))
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .description(Some(what))
        .into()
}
