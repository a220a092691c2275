//! `GET /container/{id}/history` and `GET /status/history`: points for plots.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::schema::Schema};

use super::{
    App, IdSegment,
    openapi::parameters::{Id, one_of},
    problem::Problem,
    written_id,
};
use crate::history::{Metric, Points, Span};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// How far back; `5m` if it is not given. The longer, the longer the steps.
    #[param(schema_with = windows)]
    window: Option<String>,
}

fn windows() -> Schema {
    one_of(&["5m", "1h", "24h"])
}

/// Columns of one length; `null` where nothing was measured.
#[derive(Serialize, ToSchema)]
#[schema(as = History)]
pub(super) struct Reply {
    /// Of a container: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Of a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    name: Option<Box<str>>,
    /// As asked for.
    window: &'static str,
    /// Between two points, in ms; a point is the mean of a step.
    step_ms: u64,
    /// When the first point was, in ms since 1970.
    from_ms: u64,
    /// Percent of one CPU; of the node, all its CPUs together.
    cpu: Vec<Option<f64>>,
    /// Bytes in use.
    memory: Vec<Option<f64>>,
    /// Received, in bytes a second.
    rx: Vec<Option<f64>>,
    /// Sent, in bytes a second.
    tx: Vec<Option<f64>>,
}

/// What a container used, as points for a plot
#[utoipa::path(
    get, path = "/container/{id}/history", operation_id = "containerHistory", tag = "container",
    params(Id, HistoryQuery),
    responses((status = 200, description = "The points of the window; fewer where it has not run so long", body = Reply)),
)]
pub(super) async fn container(
    State(app): State<Arc<App>>,
    id: IdSegment,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<Reply>, Problem> {
    let (word, span) = span(query)?;
    let container = app.resolve(&written_id(id)?)?;
    let points = app.history.container(container.id, span).ok_or(Problem::DataNotReady)?;
    Ok(Json(Reply {
        id: Some(container.id.to_string()),
        name: Some(container.name.clone()),
        ..Reply::new(word, &points)
    }))
}

/// What the node used, as points for a plot
#[utoipa::path(
    get, path = "/status/history", operation_id = "nodeHistory", tag = "node",
    params(HistoryQuery),
    responses((status = 200, description = "The points of the window; fewer where the agent has not run so long", body = Reply)),
)]
pub(super) async fn node(
    State(app): State<Arc<App>>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<Reply>, Problem> {
    let (word, span) = span(query)?;
    let points = app.history.node(span).ok_or(Problem::NodeNotReady)?;
    Ok(Json(Reply::new(word, &points)))
}

fn span(query: Result<Query<HistoryQuery>, QueryRejection>) -> Result<(&'static str, Span), Problem> {
    let problem = |problem: String| Problem::Parameter {
        field: "window",
        problem,
    };
    let Query(query) = query.map_err(|error| problem(error.body_text()))?;
    match query.window.as_deref() {
        None | Some("5m") => Ok(("5m", Span::FiveMinutes)),
        Some("1h") => Ok(("1h", Span::Hour)),
        Some("24h") => Ok(("24h", Span::Day)),
        Some(_) => Err(problem("must be 5m, 1h or 24h".to_owned())),
    }
}

impl Reply {
    fn new(window: &'static str, points: &Points) -> Self {
        let column = |metric: Metric, round: fn(f64) -> f64| {
            let values = points.points.iter().map(|point| point.get(metric));
            values.map(|value| value.map(|value| round(f64::from(value)))).collect()
        };
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        Self {
            id: None,
            name: None,
            window,
            step_ms: points.step_ns / 1_000_000,
            from_ms: points.first_ns / 1_000_000,
            cpu: column(Metric::Cpu, hundredths),
            memory: column(Metric::Memory, f64::round),
            rx: column(Metric::Received, f64::round),
            tx: column(Metric::Sent, f64::round),
        }
    }
}
