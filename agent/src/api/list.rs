//! `GET /containers`.

use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;

use super::{App, problem::Problem};

#[derive(Deserialize)]
pub(super) struct ListQuery {
    service: Option<String>,
}

pub(super) async fn containers(
    State(app): State<Arc<App>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::Parameter {
        field: "service",
        problem: error.body_text(),
    })?;
    let listed = app.list.get(app.containers.table().generation).await?;
    Ok(match query.service {
        Some(service) => json(listed.of_service(&service)),
        None => json(listed.all()),
    })
}

/// A body that is JSON already.
pub(super) fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
