//! What every request passes before its route: whose it is, whether it is for this agent, and whether they may.
//!
//! The order is part of the promise: who has no credential learns nothing, not even which paths there are.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, Version, header, request::Parts};

use super::{page, problem::Problem};
use crate::access::{
    Caller, Credentials, HostNames, Policy, Role, Rules, Transport,
    credentials::InForce,
    identify,
    origin::{self, is_cross_site},
};

/// Open to everybody: they tell a word each, and whoever restarts agents has no token.
const OPEN: [&str; 2] = ["/livez", "/readyz"];

/// Who is let in, and to what.
#[derive(Debug)]
pub struct Door {
    /// The tokens.
    pub credentials: Arc<Credentials>,
    /// Whether callers over TCP have to show something at all.
    pub asks_for_credentials: bool,
    /// Names under which the agent is asked.
    pub hosts: HostNames,
    /// The user that the agent runs as.
    pub own_uid: u32,
    /// Nothing is created or deleted.
    pub read_only: bool,
    /// What admins may do.
    pub policy: Policy,
}

/// Somebody who is known, and by what.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) caller: Caller,
    /// The tokens that the caller's was held against.
    pub(super) by: Arc<InForce>,
}

impl Door {
    /// Whose request this is; `None` where nobody is asked.
    pub(super) fn identify(&self, transport: &Transport, head: &Parts) -> Result<Option<Admitted>, Problem> {
        if is_open(head.uri.path()) && is_read(&head.method) {
            return Ok(None);
        }
        let by = self.credentials.in_force();
        let rules = Rules {
            tokens: &by.tokens,
            asks_for_credentials: self.asks_for_credentials,
            own_uid: self.own_uid,
            changes_nothing: self.read_only,
        };
        let caller = identify(rules, transport, authorization(&head.headers)?).map_err(|_| Problem::Unauthenticated)?;
        Ok(Some(Admitted { caller, by }))
    }

    /// Whether it is for this agent, and may be made by them.
    pub(super) fn permit(&self, caller: Option<&Caller>, transport: &Transport, head: &Parts) -> Result<(), Problem> {
        let authority = authority(head)?;
        // No page of a browser can open a unix socket.
        if matches!(transport, Transport::Tcp { .. }) {
            self.is_for_the_agent(head, authority)?;
        }
        if changes_something(&head.method) {
            if self.read_only {
                return Err(Problem::ReadOnly);
            }
            if caller.is_some_and(|caller| caller.role < Role::Admin) {
                return Err(Problem::NeedsAdmin);
            }
        }
        Ok(())
    }

    fn is_for_the_agent(&self, head: &Parts, authority: Option<&str>) -> Result<(), Problem> {
        let named_in_uri = head.uri.authority().map(axum::http::uri::Authority::as_str);
        let is_known = authority.is_none_or(|named| self.hosts.allow(named))
            && named_in_uri.is_none_or(|named| self.hosts.allow(named));
        if !is_known {
            return Err(Problem::WrongHost);
        }
        if is_read(&head.method) {
            return Ok(());
        }
        let header = |name: &str| head.headers.get(name).map(axum::http::HeaderValue::as_bytes);
        let told = origin::Headers {
            fetch_site: header("sec-fetch-site"),
            origin: header("origin"),
            authority: authority.unwrap_or_default(),
        };
        if is_cross_site(told) {
            return Err(Problem::CrossSite);
        }
        Ok(())
    }
}

/// Who may see that there is a path needs nothing more to see what is behind it: two words, and the files of the page,
/// which are the same for everybody and hold no figures.
fn is_open(path: &str) -> bool {
    OPEN.contains(&path) || page::has(path)
}

/// Methods that no route changes anything for.
fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Methods of routes that change something. Others have no route, and are told so.
pub(super) fn changes_something(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::DELETE)
}

/// One or none: of several, programs on the way may each take another.
fn authorization(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first.map(axum::http::HeaderValue::as_bytes)),
        (_, Some(_)) => Err(Problem::Unauthenticated),
    }
}

/// The `Host` of the request, which HTTP/1.1 has exactly once (RFC 9112, 3.2). `None` where HTTP/1.0 has none, which no browser
/// speaks.
fn authority(head: &Parts) -> Result<Option<&str>, Problem> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map(Some).map_err(|_| Problem::WrongHost),
        (None, None) if head.version < Version::HTTP_11 => Ok(None),
        _ => Err(Problem::HostCount),
    }
}

#[cfg(test)]
mod tests;
