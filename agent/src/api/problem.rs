//! What can go wrong for a caller, and which status each is: the one table.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use super::create_request::CreateRequestError;
use crate::{docker::DockerError, launch::LaunchError};

/// Something that kept a request from its answer. Its text is the one sentence that the caller gets.
#[derive(Debug, Error)]
pub(super) enum Problem {
    /// No route has this path.
    #[error("no such path")]
    NoSuchPath,
    /// The path has other methods.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// No container has this id, prefix or name.
    #[error("container not found")]
    ContainerNotFound,
    /// It has not run for an interval yet.
    #[error("data not ready")]
    DataNotReady,
    /// It exists and does not run.
    #[error("container not running")]
    NotRunning,
    /// A prefix fits several containers.
    #[error("several containers have an id that begins so; give more of it")]
    AmbiguousPrefix,
    /// The container that the agent knew by this name has another by now.
    #[error("the container that had this name is called otherwise by now; look again, and give its id")]
    MeantAnother,
    /// The first interval is not over.
    #[error("the node has not been measured for an interval yet")]
    NodeNotReady,
    /// No tick has come for a while.
    #[error("the node has not been measured for more than five intervals: its figures are old")]
    SamplerHangs,
    /// No tick came while a caller waited for one.
    #[error("no newer figures came in time")]
    NoNewerSnapshot,
    /// Docker does not answer now.
    #[error("Docker does not answer")]
    DockerAway,
    /// No credential, or a wrong one.
    #[error("a token is needed: Authorization: Bearer TOKEN")]
    Unauthenticated,
    /// The caller may only read.
    #[error("this needs an admin's credential, and the one shown is good for reading")]
    NeedsAdmin,
    /// The agent was told to change nothing.
    #[error("this agent only reads: it was started with --read-only")]
    ReadOnly,
    /// The request is for another name.
    #[error("this agent is not asked under that name; add it with --allowed-host")]
    WrongHost,
    /// No `Host`, or several.
    #[error("the request must have one Host header")]
    HostCount,
    /// A page of another site sent it.
    #[error("requests of web pages of other sites are refused")]
    CrossSite,
    /// Both a length and chunks.
    #[error("the request has both a Content-Length and a Transfer-Encoding")]
    TwoLengths,
    /// The container is not the agent's.
    #[error("this agent deletes only what it created, as --managed-only says")]
    NotManaged,
    /// The image is not among those that may be run.
    #[error("`image` begins with none of the prefixes that --image-allow names")]
    ImageNotAllowed,
    /// So many requests are under way that one more would wait too long.
    #[error("too many requests of this kind are under way")]
    Busy,
    /// Docker has not answered since the agent started.
    #[error("Docker has not answered since the agent started, so no container is known")]
    NothingKnown,
    /// The agent's own container.
    #[error("this is the container that the agent runs in; remove it with Docker itself")]
    OwnContainer,
    /// A query parameter is malformed.
    #[error("`{field}` {problem}")]
    Parameter {
        /// Its name.
        field: &'static str,
        /// What it must be.
        problem: String,
    },
    /// The body did not come in time.
    #[error("the body did not arrive within {} s", .0.as_secs())]
    SlowBody(Duration),
    /// The body broke off.
    #[error("the body could not be read: {0}")]
    BrokenBody(String),
    /// The body is no request to create a container.
    #[error(transparent)]
    Create(#[from] CreateRequestError),
    /// No container was started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Docker did not give what was asked for.
    #[error(transparent)]
    Docker(#[from] DockerError),
    /// The agent itself broke.
    #[error("the agent failed at this request; its log says why")]
    Internal,
}

/// Why a request has no other answer.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Body<'a> {
    /// One sentence.
    pub(super) error: String,
    /// The field or parameter of the request that is to blame, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl Problem {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath
            | Self::ContainerNotFound
            | Self::DataNotReady
            | Self::NotRunning
            | Self::Launch(LaunchError::NoSuchImage(_)) => StatusCode::NOT_FOUND,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::NeedsAdmin | Self::CrossSite | Self::NotManaged | Self::ImageNotAllowed => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed | Self::ReadOnly => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::AmbiguousPrefix
            | Self::MeantAnother
            | Self::OwnContainer
            | Self::Launch(LaunchError::PortInUse(_)) => StatusCode::CONFLICT,
            Self::NodeNotReady
            | Self::SamplerHangs
            | Self::NoNewerSnapshot
            | Self::NothingKnown
            | Self::DockerAway
            | Self::Busy
            | Self::Launch(LaunchError::Stopping) => StatusCode::SERVICE_UNAVAILABLE,
            Self::SlowBody(_) => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenBody(_)
            | Self::HostCount
            | Self::TwoLengths
            | Self::Create(CreateRequestError::Malformed { .. }) => StatusCode::BAD_REQUEST,
            Self::Create(CreateRequestError::UnsupportedMediaType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Create(CreateRequestError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Parameter { .. }
            | Self::Create(CreateRequestError::Field { .. })
            | Self::Launch(LaunchError::CannotStart(_) | LaunchError::BadImage(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Docker(error) | Self::Launch(LaunchError::Docker(error)) => match error {
                DockerError::Unreachable { .. } => StatusCode::SERVICE_UNAVAILABLE,
                DockerError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
                DockerError::Refused { status: 404, .. } => StatusCode::NOT_FOUND,
                DockerError::Nonsense { .. } | DockerError::Refused { .. } => StatusCode::BAD_GATEWAY,
            },
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The field of the request that is to blame.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Parameter { field, .. } => Some(field),
            Self::Create(CreateRequestError::Field { field, .. }) => Some(field),
            Self::ImageNotAllowed
            | Self::Launch(LaunchError::CannotStart(_) | LaunchError::BadImage(_) | LaunchError::NoSuchImage(_)) => {
                Some("image")
            }
            Self::Launch(LaunchError::PortInUse(_)) => Some("port"),
            _ => None,
        }
    }

    /// What the caller reads.
    pub(super) fn body(&self) -> Body<'_> {
        let error = match self {
            // Whatever Docker calls it: for the caller it is the container that is not there.
            Self::Docker(error) if error.is_not_found() => Self::ContainerNotFound.to_string(),
            other => other.to_string(),
        };
        Body {
            error,
            field: self.field(),
        }
    }

    /// The header that goes with it.
    pub(super) fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "1")),
            Self::Unauthenticated => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"balancer-agent\"")),
            Self::ReadOnly => Some((header::ALLOW, "GET,HEAD")),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::debug!(%status, "{self}");
        }
        let mut response = (status, Json(self.body())).into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
