//! `GET /livez` and `GET /readyz`, for whoever restarts agents or sends callers to them.

use std::{sync::Arc, time::Duration};

use axum::extract::State;

use super::{App, problem::Problem};
use crate::containers::DockerState;

/// Whether the process answers
#[utoipa::path(
    get, path = "/livez", operation_id = "livez", tag = "health", security(()),
    responses((status = 200, description = "It does: `ok` and a line feed", body = String, content_type = "text/plain; charset=utf-8")),
)]
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// Whether the node has figures of this moment and Docker answers
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "health", security(()),
    responses((status = 200, description = "Both: `ok` and a line feed", body = String, content_type = "text/plain; charset=utf-8")),
)]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.snapshots.load().node.is_none() {
        return Err(Problem::NodeNotReady);
    }
    if app.snapshots.overdue(Duration::from_nanos(app.interval_ns)).is_some() {
        return Err(Problem::SamplerHangs);
    }
    match app.containers.table().docker {
        DockerState::Connected => Ok("ok\n"),
        DockerState::NeverReached | DockerState::Away => Err(Problem::DockerAway),
    }
}
