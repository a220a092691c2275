//! What a caller of `GET /containers/status` asks for.

use std::{str::FromStr, time::Duration};

use axum::extract::{Query, rejection::QueryRejection};
use serde::Deserialize;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::super::{openapi::parameters::one_of, problem::Problem};

/// The query as it is written.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Parameters {
    /// Containers of this service only.
    service: Option<String>,
    /// Adds to each container what it used over this window.
    #[param(schema_with = windows)]
    window: Option<String>,
    /// `seq` of the snapshot that the caller has: the reply waits for another, up to two intervals and 2 s.
    #[param(schema_with = seq)]
    wait: Option<String>,
}

fn windows() -> Schema {
    one_of(&["1s", "10s", "60s", "300s"])
}

/// Any number of 64 bits: more than `int64` is.
fn seq() -> Schema {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    number.minimum(Some(0)).maximum(usize::try_from(u64::MAX).ok()).into()
}

/// The query as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Containers of this service only.
    pub(super) service: Option<String>,
    /// The past that is summed up.
    pub(super) window: Option<Window>,
    /// The number of a snapshot that the caller has: another is waited for.
    pub(super) wait: Option<u64>,
}

/// A window of the last minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Window {
    Second,
    TenSeconds,
    Minute,
    FiveMinutes,
}

impl Window {
    pub(super) fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::TenSeconds => 10,
            Self::Minute => 60,
            Self::FiveMinutes => 300,
        })
    }
}

impl FromStr for Window {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "1s" => Ok(Self::Second),
            "10s" => Ok(Self::TenSeconds),
            "60s" => Ok(Self::Minute),
            "300s" => Ok(Self::FiveMinutes),
            _ => Err(()),
        }
    }
}

impl Asked {
    pub(super) fn parse(query: Result<Query<Parameters>, QueryRejection>) -> Result<Self, Problem> {
        let Query(written) = query.map_err(|error| Problem::Parameter {
            field: "query",
            problem: error.body_text(),
        })?;
        let of = |field, problem: &str| Problem::Parameter {
            field,
            problem: problem.to_owned(),
        };
        let window = written.window.map(|text| text.parse());
        let wait = written.wait.map(|text| text.parse());
        Ok(Self {
            service: written.service,
            window: window
                .transpose()
                .map_err(|()| of("window", "must be 1s, 10s, 60s or 300s"))?,
            wait: wait
                .transpose()
                .map_err(|_| of("wait", "must be the `seq` of a snapshot, a whole number"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Asked, String> {
        let uri: axum::http::Uri = format!("/containers/status?{query}").parse().unwrap();
        Asked::parse(Query::try_from_uri(&uri)).map_err(|problem| problem.to_string())
    }

    #[test]
    fn queries_are_read() {
        let nothing = Asked {
            service: None,
            window: None,
            wait: None,
        };
        assert_eq!(parse(""), Ok(nothing.clone()));
        let all = Asked {
            service: Some("web".to_owned()),
            window: Some(Window::Minute),
            wait: Some(7),
        };
        assert_eq!(parse("service=web&window=60s&wait=7"), Ok(all));
        assert_eq!(parse("other=1"), Ok(nothing));
    }

    #[test]
    fn what_is_malformed_is_told_by_its_name() {
        for (query, field) in [
            ("window=2s", "window"),
            ("window=", "window"),
            ("wait=-1", "wait"),
            ("wait=x", "wait"),
            ("wait=99999999999999999999", "wait"),
            ("wait=1&wait=2", "query"),
        ] {
            let error = parse(query).unwrap_err();
            assert!(error.starts_with(&format!("`{field}` ")), "{query}: {error}");
        }
    }
}
