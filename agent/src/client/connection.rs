//! One connection to an agent, kept between requests, and driven only while one of them is under way.

use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{HeaderMap, Request, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::TlsConnector;

use crate::config::AgentAddress;

/// No reply is longer, in bytes: some 10,000 containers.
const MOST_BYTES: usize = 16 << 20;

/// What is sent.
pub(super) type Body = Full<Bytes>;

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody is there, or another than the one that is asked for.
    Unreachable(String),
    /// No reply within this time.
    Late(Duration),
    /// What is there speaks something else.
    NotHttp,
    /// The reply cannot be used.
    Nonsense(String),
}

/// A reply, whatever its status.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection over which one request goes at a time.
pub(super) struct Session {
    sender: http1::SendRequest<Body>,
    /// `None` once the connection is over.
    driver: Option<Driver>,
}

impl Session {
    /// Connects. `tls` is there for addresses that want it.
    pub(super) async fn open(address: &AgentAddress, tls: Option<&TlsConnector>) -> Result<Self, Failure> {
        let unreachable = |error: std::io::Error| Failure::Unreachable(error.to_string());
        match (address, tls) {
            (AgentAddress::Unix(socket), _) => {
                Self::over(UnixStream::connect(socket).await.map_err(unreachable)?).await
            }
            (AgentAddress::Tcp { host, port, .. }, None) => {
                Self::over(tcp(host, *port).await.map_err(unreachable)?).await
            }
            (AgentAddress::Tcp { host, port, .. }, Some(tls)) => {
                let name = ServerName::try_from(host.clone())
                    .map_err(|error| Failure::Unreachable(format!("{host}: {error}")))?;
                let stream = tcp(host, *port).await.map_err(unreachable)?;
                Self::over(tls.connect(name, stream).await.map_err(unreachable)?).await
            }
        }
    }

    async fn over<S>(stream: S) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        // How it ended is told by the request that it ended under.
        let driver = async move {
            let _ended = connection.await;
        };
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver)),
        })
    }

    /// Whether another request may be tried.
    pub(super) fn is_open(&self) -> bool {
        self.driver.is_some() && !self.sender.is_closed()
    }

    /// Sends a request and reads the reply to its end.
    pub(super) async fn exchange(&mut self, request: Request<Body>) -> Result<Reply, Failure> {
        let sender = &mut self.sender;
        let answer = async {
            sender.ready().await.map_err(|error| failure(&error))?;
            let response = sender.send_request(request).await.map_err(|error| failure(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    Failure::Nonsense(format!("its reply is longer than {} MiB", MOST_BYTES >> 20))
                } else {
                    Failure::Unreachable(format!("the connection ended within the reply: {error}"))
                }
            })?;
            Ok(Reply {
                status: head.status,
                headers: head.headers,
                body: body.to_bytes(),
            })
        };
        let mut answer = std::pin::pin!(answer);
        loop {
            let Some(driver) = &mut self.driver else {
                // What had arrived before the end is handed over all the same.
                return answer.await;
            };
            tokio::select! {
                biased;
                answered = &mut answer => return answered,
                () = driver => self.driver = None,
            }
        }
    }
}

async fn tcp(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn failure(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        return Failure::NotHttp;
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    Failure::Unreachable(text)
}
