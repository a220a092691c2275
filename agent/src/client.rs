//! Asking an agent from a terminal: the orders `status`, `ps`, `inspect`, `create` and `rm`, and what [`crate::top`] asks.
//!
//! Callers of the REST API like any other, of any agent that can be reached. Each request has a deadline, each reply a
//! bound. What the agent passes on is text of strangers (names, labels, commands): nothing of it goes to a terminal
//! without [`text::clean`].

mod connection;
pub mod error;
pub(crate) mod orders;
pub mod reply;
mod request;
pub mod text;
mod tls;

use std::{future::Future, io, path::PathBuf, time::Duration};

use bytes::Bytes;
use hyper::{HeaderMap, Method, Request, header};
use tokio_rustls::TlsConnector;

use crate::config::AgentAddress;
use connection::Session;
pub use error::ClientError;
pub use orders::{Errand, run};
pub use request::path_of;

/// Which agent is asked, and what it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Where it answers.
    pub address: AgentAddress,
    /// File of the token that it is shown.
    pub token_file: Option<PathBuf>,
    /// Certificates of those who may have issued the agent's, for `https`.
    pub ca_file: Option<PathBuf>,
}

/// A reply that was read to its end and is no refusal.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Somebody who asks one agent, and keeps the connection between questions.
pub struct Client {
    access: Access,
    tls: Option<TlsConnector>,
    kept: Option<Session>,
}

impl Client {
    /// Reads the certificates and the token that it needs; connects to nobody yet.
    pub fn new(access: &Access) -> Result<Self, ClientError> {
        access.token_file.as_deref().map(request::bearer).transpose()?;
        Ok(Self {
            tls: tls::connector(access)?,
            access: access.clone(),
            kept: None,
        })
    }

    /// `GET`. A kept connection that has been closed meanwhile is an error: only the caller knows whether the question
    /// is still the right one.
    pub async fn get(&mut self, path: &str, deadline: Duration) -> Result<Answer, ClientError> {
        self.send(Method::GET, path, Bytes::new(), deadline).await
    }

    /// A request with a form as its body, or with none where that is empty.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Bytes,
        deadline: Duration,
    ) -> Result<Answer, ClientError> {
        // The token is read each time: it may have been changed.
        let request = self.request(method, path, form)?;
        let address = self.access.address.clone();
        // Taken out meanwhile: where this future is dropped half-way, so is the connection.
        let kept = self.kept.take();
        let exchange = async {
            let mut session = match kept {
                Some(session) => session,
                None => Session::open(&address, self.tls.as_ref()).await?,
            };
            let reply = session.exchange(request).await?;
            Ok((session, reply))
        };
        let (session, reply) = tokio::time::timeout(deadline, exchange)
            .await
            .unwrap_or(Err(connection::Failure::Late(deadline)))
            .map_err(|failure| ClientError::of(failure, &address))?;
        self.kept = session.is_open().then_some(session);
        if reply.status.is_success() {
            return Ok(Answer {
                headers: reply.headers,
                body: reply.body,
            });
        }
        Err(ClientError::refused(reply.status, &reply.body))
    }

    fn request(&self, method: Method, path: &str, form: Bytes) -> Result<Request<connection::Body>, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.access.address.authority());
        if let Some(file) = &self.access.token_file {
            request = request.header(header::AUTHORIZATION, request::bearer(file)?);
        }
        if !form.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        // `path` is made of constants and of escaped text.
        request
            .body(connection::Body::new(form))
            .map_err(|error| ClientError::Nonsense(error.to_string()))
    }
}

/// Runs what waits for an agent, on this thread.
pub fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // a name that is still being looked up is not waited for
    runtime.shutdown_background();
    Ok(done)
}
