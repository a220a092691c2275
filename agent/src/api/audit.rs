//! One line for each request that is to change something: who, what, with which result.

use std::{fmt::Write as _, time::Instant};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, request::Parts},
    response::Response,
};

use super::strangers::Strangers;
use crate::access::Caller;

/// The header that carries a request's id, in both directions.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Of a path that a caller made up, so much goes into the log.
const MOST_PATH_CHARS: usize = 200;
/// An id of the caller's own is taken up to this length.
const MOST_ID_BYTES: usize = 64;

/// What a handler knows of the request that its path does not say; goes with the response.
#[derive(Clone, Debug)]
pub(super) struct Subject(pub(super) String);

/// A request under way. Its line is written at its end.
#[derive(Debug)]
pub(super) struct Audit {
    /// `None` while nobody is known.
    who: Option<String>,
    from: String,
    method: Method,
    path: String,
    request_id: String,
    started: Instant,
    is_told: bool,
}

impl Audit {
    /// Begins; nothing is written yet.
    pub(super) fn begin(head: &Parts, from: &str) -> Self {
        Self {
            who: None,
            from: from.to_owned(),
            method: head.method.clone(),
            path: head.uri.path().chars().take(MOST_PATH_CHARS).collect(),
            request_id: request_id(&head.headers),
            started: Instant::now(),
            is_told: false,
        }
    }

    /// Whose request it is.
    pub(super) fn is_by(&mut self, caller: &Caller) {
        self.who = Some(caller.who.to_string());
    }

    /// Writes the line, unless strangers have had enough of them, and gives the caller the id under which it stands.
    pub(super) fn end(mut self, strangers: &Strangers, response: &mut Response) {
        let mut result = response.status().as_u16().to_string();
        let made = response.headers().get(axum::http::header::LOCATION);
        if let Some(location) = made.and_then(|location| location.to_str().ok()) {
            let _infallible = write!(result, " {location}");
        }
        let subject = response.extensions().get::<Subject>().map(|Subject(text)| text.clone());
        let left_out = strangers.left_out(self.who.is_none(), Instant::now());
        if let Some(lines) = left_out.filter(|lines| *lines > 0) {
            tracing::warn!(target: crate::telemetry::AUDIT, lines, "lines about callers whom nobody knows were left out");
        }
        self.is_told = true;
        if left_out.is_some() {
            self.tell(&result, subject.as_deref().unwrap_or_default());
        }
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }

    fn tell(&self, result: &str, subject: &str) {
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            target: crate::telemetry::AUDIT,
            who = self.who.as_deref().unwrap_or("nobody"),
            from = self.from,
            method = %self.method,
            path = self.path,
            subject,
            result,
            request_id = self.request_id,
            duration_ms,
            "audit"
        );
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell("it was not over when the agent ended", "");
        }
    }
}

/// The caller's own, where it is one word of a sensible length; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    match str::from_utf8(given) {
        Ok(id) if (1..=MOST_ID_BYTES).contains(&id.len()) && given.iter().all(is_word) => id.to_owned(),
        _ => format!("{:016x}", fastrand::u64(..)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_the_caller_is_kept_if_it_is_one() {
        let id = |given: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
            request_id(&headers)
        };
        assert_eq!(id("move-7.of_20"), "move-7.of_20");
        for odd in ["", "two words", "a=b", &"x".repeat(MOST_ID_BYTES + 1)] {
            let made = id(odd);
            assert!(made.len() == 16 && made != odd, "{odd}: {made}");
        }
        assert_eq!(request_id(&HeaderMap::new()).len(), 16);
    }
}
