//! `GET` of a JSON document, kept as the bytes that the engine sent.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

use super::{
    connect::{CALL_DEADLINE, Engine, within},
    error::{DockerError, root_cause},
};
use crate::config::DockerAddress;

/// No reply of the engine is larger than this, in bytes: some 10,000 containers.
const MAX_REPLY_BYTES: usize = 64 << 20;

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Engine {
    /// `path` is made by this room from constants and a full container id.
    pub(super) async fn get_raw(&self, call: &'static str, path: &str) -> Result<Bytes, DockerError> {
        within(call, CALL_DEADLINE, async {
            match self.address() {
                DockerAddress::Unix(socket) => {
                    let stream = UnixStream::connect(socket)
                        .await
                        .map_err(|error| self.unreachable(error.to_string()))?;
                    self.exchange(call, path, stream).await
                }
                DockerAddress::Tcp { host, port } => {
                    let stream = TcpStream::connect((host.as_str(), *port))
                        .await
                        .map_err(|error| self.unreachable(error.to_string()))?;
                    self.exchange(call, path, stream).await
                }
            }
        })
        .await
    }

    async fn exchange<S>(&self, call: &'static str, path: &str, stream: S) -> Result<Bytes, DockerError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let broken = |error: hyper::Error| self.unreachable(root_cause(&error));
        let nonsense = |reason: String| DockerError::Nonsense { call, reason };
        let request = Request::get(path)
            .header(HOST, "docker")
            .body(Empty::<Bytes>::new())
            .map_err(|error| nonsense(error.to_string()))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let answer = async move {
            let response = sender.send_request(request).await.map_err(|error| {
                // Bytes that are no HTTP are an answer, and nonsense; no bytes at all are no answer.
                if error.is_parse() {
                    nonsense(error.to_string())
                } else {
                    broken(error)
                }
            })?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_REPLY_BYTES)
                .collect()
                .await
                .map_err(|error| nonsense(root_cause(&*error)))?
                .to_bytes();
            if status.is_success() {
                return Ok(body);
            }
            let message = serde_json::from_slice::<Refusal>(&body).map_or_else(
                |_| format!("status {status} without a message"),
                |refusal| refusal.message,
            );
            Err(DockerError::Refused {
                call,
                status: status.as_u16(),
                message,
            })
        };
        // The connection ends when the answer is complete and its sender is dropped.
        let (answered, _connection) = tokio::join!(answer, connection);
        answered
    }
}
