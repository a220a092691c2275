//! `/container/{id}`, `/container/{id}/status` and `POST /containers`.

mod reply;

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Extension, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;

use super::{
    App, IdSegment,
    audit::Subject,
    create_request::{CreateRequest, CreateRequestError, MAX_BODY_BYTES},
    list::json,
    openapi::{
        create::{CreateForm, CreateJson},
        docker::DockerInspection,
        parameters::Id,
    },
    problem::Problem,
    redact::without_environment,
    written_id,
};
use crate::{
    access::{Caller, Role},
    clock::wall_ns,
    containers::{Container, container::own_name},
    docker::DockerError,
    launch::{Launch, LaunchError},
    snapshot::ContainerUsage,
};
pub(super) use reply::ContainerStatus;

/// How long a body may take to arrive.
pub(super) const BODY_DEADLINE: Duration = Duration::from_secs(10);
/// How long a container may take to end before it is killed, if the caller does not say.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// The longest that a caller may give it, in seconds.
const MAX_STOP_PATIENCE_S: u64 = 600;
/// How long the answer to a deletion waits for the agent's own table to show it.
const TABLE_DEADLINE: Duration = Duration::from_secs(5);

/// One container, as Docker inspects it
///
/// In any state. Without `Config.Env` for those who may only read.
#[utoipa::path(
    get, path = "/container/{id}", operation_id = "inspectContainer", tag = "container",
    params(Id),
    responses((status = 200, description = "Docker's inspection", body = DockerInspection)),
)]
pub(super) async fn inspect(
    State(app): State<Arc<App>>,
    caller: Option<Extension<Caller>>,
    id: IdSegment,
) -> Result<Response, Problem> {
    let container = app.resolve(&written_id(id)?)?;
    let _place = app.wait_for_docker()?;
    let raw = app.engine.inspect(container.id).await?.raw;
    let sees_all = caller.is_some_and(|Extension(caller)| caller.role == Role::Admin);
    Ok(json(if sees_all { raw } else { without_environment(&raw)? }))
}

/// What a container uses
///
/// Answered from memory, also while Docker is away.
#[utoipa::path(
    get, path = "/container/{id}/status", operation_id = "containerStatus", tag = "container",
    params(Id),
    responses((status = 200, description = "Its figures of the last interval", body = ContainerStatus)),
)]
pub(super) async fn status(State(app): State<Arc<App>>, id: IdSegment) -> Result<Response, Problem> {
    let container = app.resolve(&written_id(id)?)?;
    if !container.is_running() {
        return Err(Problem::NotRunning);
    }
    let snapshot = app.snapshots.load();
    let published = snapshot.containers.get(&container.id).ok_or(Problem::DataNotReady)?;
    if !published
        .usage
        .is_ready(container.started_ns, app.interval_ns, wall_ns())
    {
        return Err(Problem::DataNotReady);
    }
    Ok(json(published.text(render)))
}

/// The text of a reply; a struct of numbers and plain words always has one.
fn render(usage: &ContainerUsage) -> Bytes {
    serde_json::to_vec(&ContainerStatus::from(usage))
        .unwrap_or_default()
        .into()
}

/// Create a container and start it
///
/// It is named `{service}-{index}-{random}`, and its program finds its port in `PORT`. An image that is missing is pulled. On any failure nothing
/// is left behind. Needs an admin.
#[utoipa::path(
    post, path = "/containers", operation_id = "createContainer", tag = "containers",
    request_body(
        description = "At most 16 KiB",
        content(
            (CreateForm = "application/x-www-form-urlencoded"),
            (CreateForm = "multipart/form-data"),
            (CreateJson = "application/json"),
        ),
    ),
    responses((
        status = 201, description = "It runs: Docker's inspection of it", body = DockerInspection,
        headers(("Location" = String, description = "`/container/{id}` of it, with its full id")),
    )),
)]
pub(super) async fn create(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // What is too large by its own account takes no place from anybody, and is told so also where there is none.
    refuse_what_is_announced_too_large(&headers)?;
    let body = {
        let _place = app.read_a_body()?;
        tokio::select! {
            read = read_body(body) => read?,
            // Nothing has been begun yet for whoever is still sending.
            () = app.launcher.stopped() => return Err(LaunchError::Stopping.into()),
        }
    };
    let CreateRequest { image, service, port } = CreateRequest::from_body(content_type, body).await?;
    let launch = Launch { image, service, port };
    let subject = Subject(format!("{} for {}", launch.image, launch.service.as_str()));
    let mut response = launched(&app, launch).await.unwrap_or_else(Problem::into_response);
    response.extensions_mut().insert(subject);
    Ok(response)
}

async fn launched(app: &Arc<App>, launch: Launch) -> Result<Response, Problem> {
    if !app.door.policy.allows_image(&launch.image.to_string()) {
        return Err(Problem::ImageNotAllowed);
    }
    let _place = app.wait_for_docker()?;
    let started = app.launcher.launch(&launch).await?;
    let location = format!("/container/{}", started.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        json(started.inspection),
    )
        .into_response())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// Seconds until it is killed, from 0, which kills it at once, to 600; 10 if it is not given.
    #[param(value_type = Option<u64>, maximum = 600)]
    timeout: Option<String>,
}

/// Stop a container and delete it
///
/// SIGTERM, SIGKILL after the timeout; it is removed with its anonymous volumes. Needs an admin.
#[utoipa::path(
    delete, path = "/container/{id}", operation_id = "deleteContainer", tag = "container",
    params(Id, DeleteQuery),
    responses((status = 204, description = "It is gone")),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    id: IdSegment,
    query: Result<Query<DeleteQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let patience = stop_patience(query)?;
    let written = written_id(id)?;
    let container = app.resolve(&written)?;
    let subject = Subject(format!("{} {}", container.id, container.name));
    let deleted = deleted(&app, &written, &container, patience).await;
    let mut response = deleted.map_or_else(Problem::into_response, |()| StatusCode::NO_CONTENT.into_response());
    response.extensions_mut().insert(subject);
    Ok(response)
}

async fn deleted(app: &App, written: &str, container: &Container, patience: Duration) -> Result<(), Problem> {
    let id = container.id;
    if app.own.is(container) {
        return Err(Problem::OwnContainer);
    }
    if app.door.policy.managed_only && !container.is_managed {
        return Err(Problem::NotManaged);
    }
    let _place = app.wait_for_docker()?;
    if *container.name == *written {
        is_still_meant(app, container).await?;
    }
    // Gone already, or somebody else is removing it: what was asked for comes true.
    let gone = |outcome: Result<(), DockerError>| match outcome {
        Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
        other => other,
    };
    gone(app.engine.stop(id, patience).await)?;
    gone(app.engine.remove(id).await)?;
    app.containers.refresh(id, TABLE_DEADLINE).await;
    Ok(())
}

/// A name may have gone to another container since the table was made: before something is deleted by its name, Docker says
/// whether it has it still. An id has always been the same container's.
async fn is_still_meant(app: &App, container: &Container) -> Result<(), Problem> {
    let now = app.engine.inspect(container.id).await?.facts;
    if own_name(&[now.name]) == &*container.name {
        Ok(())
    } else {
        Err(Problem::MeantAnother)
    }
}

fn refuse_what_is_announced_too_large(headers: &HeaderMap) -> Result<(), Problem> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(length) if length > MAX_BODY_BYTES => Err(CreateRequestError::TooLarge.into()),
        _ => Ok(()),
    }
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    // One byte more than allowed tells too large from broken.
    let read = tokio::time::timeout(BODY_DEADLINE, to_bytes(body, MAX_BODY_BYTES));
    match read.await {
        Err(_) => Err(Problem::SlowBody(BODY_DEADLINE)),
        Ok(Err(error)) if is_length_limit(&error) => Err(CreateRequestError::TooLarge.into()),
        Ok(Err(error)) => Err(Problem::BrokenBody(error.to_string())),
        Ok(Ok(body)) => Ok(body),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

fn stop_patience(query: Result<Query<DeleteQuery>, QueryRejection>) -> Result<Duration, Problem> {
    let problem = |problem: String| Problem::Parameter {
        field: "timeout",
        problem,
    };
    let Query(query) = query.map_err(|error| problem(error.body_text()))?;
    let Some(written) = query.timeout else {
        return Ok(STOP_PATIENCE);
    };
    written
        .parse()
        .ok()
        .filter(|seconds| *seconds <= MAX_STOP_PATIENCE_S)
        .map(Duration::from_secs)
        .ok_or_else(|| {
            problem(format!(
                "must be a whole number of seconds from 0 to {MAX_STOP_PATIENCE_S}"
            ))
        })
}
