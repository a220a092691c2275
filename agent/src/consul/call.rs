//! One call to Consul's HTTP API.

use std::{io, path::PathBuf, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;

use crate::config::ConsulTarget;

const DEADLINE: Duration = Duration::from_secs(4);
/// Of an answer only the first words are of use.
const MOST_BYTES: usize = 16 << 10;

/// Why Consul was not told.
#[derive(Debug, Error)]
pub(super) enum CallError {
    /// It cannot be reached.
    #[error("it cannot be reached ({0})")]
    Unreachable(String),
    /// It said no.
    #[error("it refused with {status} {message}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// Its own words, one line of them.
        message: String,
    },
    /// Its token cannot be read.
    #[error("--consul-token-file: {} cannot be read ({source})", .path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// `PUT` of a document, or of nothing. The token is read each time: it may have been changed.
pub(super) async fn put(target: &ConsulTarget, path: &str, body: String) -> Result<(), CallError> {
    tokio::time::timeout(DEADLINE, exchange(target, path, body))
        .await
        .unwrap_or_else(|_| Err(CallError::Unreachable("no answer in time".to_owned())))
}

async fn exchange(target: &ConsulTarget, path: &str, body: String) -> Result<(), CallError> {
    let unreachable = |error: &dyn std::error::Error| CallError::Unreachable(error.to_string());
    let mut request = Request::put(path)
        .header(HOST, format!("{}:{}", target.host, target.port))
        .header("content-type", "application/json");
    if let Some(token) = token(target)? {
        request = request.header("x-consul-token", token);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| unreachable(&error))?;
    let stream = TcpStream::connect((target.host.as_str(), target.port))
        .await
        .map_err(|error| unreachable(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable(&error))?;
    let answer = async move {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        Err(CallError::Refused {
            status: status.as_u16(),
            message: crate::cli::printable(text.lines().next().unwrap_or_default()),
        })
    };
    // The connection ends when the answer is complete and its sender is dropped.
    let (answered, _connection) = tokio::join!(answer, connection);
    answered
}

fn token(target: &ConsulTarget) -> Result<Option<String>, CallError> {
    let Some(path) = &target.token_file else {
        return Ok(None);
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(source) => Err(CallError::Token {
            path: path.clone(),
            source,
        }),
    }
}
