//! `GET /openapi.json`: the API as `OpenAPI` 3.1, made of what handlers and replies say of themselves.
//!
//! What goes wrong is told from the table of problems, so that a status and its sentence stand in one place. `docs/openapi.json` is
//! the same text, for people and programs without an agent; a test holds the two together.

pub(super) mod create;
pub(super) mod docker;
mod examples;
pub(super) mod parameters;
mod presence;
mod refusals;

use std::sync::LazyLock;

use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::{all, container, events, health, history, list, metrics, node, problem};
use crate::events::{Event, Lost};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Container balancer agent",
        description = "What each container of a machine uses, and containers created and deleted on order.\n\n\
            Rates are bytes a second over the last interval (1 s by default), percentages are of one CPU, and no number is null, negative or made \
            up: what is not measured is absent.\n\n\
            An agent with tokens or client certificates wants one on each request but `/livez` and `/readyz`; one without serves loopback only. \
            Reading takes either role, `POST` and `DELETE` an admin's. `GET` routes take `HEAD`, too; any other method is 405 with `Allow`, any other path 404. \
            Whether the caller may is decided first, though: a `POST` or `DELETE` that is refused by 401, 403 or `--read-only` is so on any path. \
            A connection whose client takes nothing of its reply for 10 s is closed.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "node", description = "The machine"),
        (name = "containers", description = "All containers of the machine"),
        (name = "container", description = "One container: a full id, a unique prefix of at least 4 hex digits, or a name"),
        (name = "metrics", description = "For Prometheus"),
        (name = "health", description = "For whoever restarts agents or sends callers to them; open to everybody"),
        (name = "document", description = "This document"),
    ),
    security(("token" = []), ("certificate" = []), ()),
    modifiers(&Credentials),
    components(schemas(Event, Lost, problem::Body<'_>)),
    paths(
        health::livez,
        health::readyz,
        node::status,
        history::node,
        metrics::metrics,
        all::status,
        events::events,
        list::containers,
        container::create,
        container::inspect,
        container::delete,
        container::status,
        history::container,
        openapi,
    ),
)]
struct Described;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let mut token = Http::new(HttpAuthScheme::Bearer);
        token.description = Some("A line of `--read-token-file` or `--admin-token-file`".to_owned());
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let certificate = SecurityScheme::MutualTls {
            description: Some(
                "Issued by `--tls-client-ca`; an admin's where it carries a name of `--tls-admin`".to_owned(),
            ),
            deprecated: None,
            extensions: None,
        };
        components.add_security_scheme("certificate", certificate);
    }
}

/// The whole document.
fn document() -> Value {
    // a document of plain words and numbers always has a text
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    presence::as_serialized(&mut document);
    refusals::add(&mut document);
    examples::add(&mut document);
    document
}

static TEXT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// This document
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi", tag = "document",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Map<String, Value>)),
)]
pub(super) async fn openapi() -> Response {
    list::json(TEXT.clone())
}

#[cfg(test)]
mod tests;
