//! `GET /container/{id}/history` and `GET /status/history`: points for plots.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};

use super::{App, IdSegment, problem::Problem, written_id};
use crate::history::{Metric, Points, Span};

#[derive(Deserialize)]
pub(super) struct HistoryQuery {
    window: Option<String>,
}

/// Columns of one length; `null` where nothing was measured.
#[derive(Serialize)]
pub(super) struct Reply {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Box<str>>,
    window: &'static str,
    step_ms: u64,
    /// When the first point was, in ms since 1970.
    from_ms: u64,
    /// Percent of one CPU.
    cpu: Vec<Option<f64>>,
    /// Bytes.
    memory: Vec<Option<f64>>,
    /// Bytes a second.
    rx: Vec<Option<f64>>,
    /// Bytes a second.
    tx: Vec<Option<f64>>,
}

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
