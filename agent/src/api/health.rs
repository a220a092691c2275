//! `GET /livez` and `GET /readyz`, for whoever restarts agents or sends callers to them.

use std::sync::Arc;

use axum::extract::State;

use super::{App, problem::Problem};
use crate::containers::DockerState;

/// The process answers.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// The node has figures and Docker answers.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.snapshots.load().node.is_none() {
        return Err(Problem::NodeNotReady);
    }
    match app.containers.table().docker {
        DockerState::Connected => Ok("ok\n"),
        DockerState::NeverReached | DockerState::Away => Err(Problem::DockerAway),
    }
}
