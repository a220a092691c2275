//! `GET /containers`.

use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;

use super::{App, openapi::docker::DockerListEntry, problem::Problem};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Containers of this service only: of its label `balancer.service`, else of the beginning of its name, up to the first `-`.
    service: Option<String>,
}

/// Running containers, as Docker lists them
///
/// Docker's own list, entry for entry. Callers share one call to Docker.
#[utoipa::path(
    get, path = "/containers", operation_id = "listContainers", tag = "containers",
    params(ListQuery),
    responses((status = 200, description = "Docker's list", body = [DockerListEntry])),
)]
pub(super) async fn containers(
    State(app): State<Arc<App>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::Parameter {
        field: "service",
        problem: error.body_text(),
    })?;
    let listed = if let Some(listed) = app.list.at_hand() {
        listed
    } else {
        let _place = app.share()?;
        app.list.get().await?
    };
    Ok(match query.service {
        Some(service) => json(listed.of_service(&service)),
        None => json(listed.all()),
    })
}

/// A body that is JSON already.
pub(super) fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
