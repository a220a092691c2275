//! `GET /` and `GET /page/...`: the page on which the node is looked at, as it was compiled in.
//!
//! Its files hold no figures and are open to everybody; what they show they fetch from the other routes, with the token that
//! the reader types. They come with a policy under which a browser loads nothing from elsewhere and runs nothing that stands
//! in text.

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use ring::digest;

use super::held::is_held;

/// Nothing but the agent's own files, and no page of others around it. Text never becomes markup or script, whoever wrote it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const DRAWING: &str = "image/svg+xml";

/// A file of the page.
#[derive(Clone, Copy)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
}

/// `file!("main.js", SCRIPT)` is served at `/page/main.js`, with `at` elsewhere.
macro_rules! file {
    ($name:literal, $content_type:expr) => {
        file!($name, $content_type, concat!("/page/", $name))
    };
    ($name:literal, $content_type:expr, $at:expr) => {
        Asset {
            path: $at,
            content_type: $content_type,
            body: include_bytes!(concat!("page/", $name)),
        }
    };
}

const ASSETS: [Asset; 28] = [
    file!("index.html", HTML, "/"),
    file!("style.css", STYLE),
    file!("icon.svg", DRAWING),
    file!("agent.js", SCRIPT),
    file!("api.html", HTML),
    file!("api.js", SCRIPT),
    file!("banner.js", SCRIPT),
    file!("call.js", SCRIPT),
    file!("details.js", SCRIPT),
    file!("dialogs.js", SCRIPT),
    file!("dom.js", SCRIPT),
    file!("format.js", SCRIPT),
    file!("history.js", SCRIPT),
    file!("live.js", SCRIPT),
    file!("main.js", SCRIPT),
    file!("node.js", SCRIPT),
    file!("operations.js", SCRIPT),
    file!("order.js", SCRIPT),
    file!("place.js", SCRIPT),
    file!("plot.js", SCRIPT),
    file!("row.js", SCRIPT),
    file!("scale.js", SCRIPT),
    file!("spark.js", SCRIPT),
    file!("store.js", SCRIPT),
    file!("table.js", SCRIPT),
    file!("theme.js", SCRIPT),
    file!("view.js", SCRIPT),
    file!("words.js", SCRIPT),
];

/// Whether a path is a file of the page.
pub(super) fn has(path: &str) -> bool {
    ASSETS.iter().any(|asset| asset.path == path)
}

/// A route for each file.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    ASSETS.into_iter().fold(Router::new(), |router, asset| {
        let etag = etag(asset.body);
        let answer = move |headers: HeaderMap| std::future::ready(reply(&asset, &etag, &headers));
        router.route(asset.path, get(answer))
    })
}

fn reply(asset: &Asset, etag: &HeaderValue, asked: &HeaderMap) -> Response {
    let mut response = if is_held(asked, etag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = HeaderValue::from_static(asset.content_type);
        ([(header::CONTENT_TYPE, content_type)], Bytes::from_static(asset.body)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag.clone());
    for (name, value) in WITH_EACH {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Of a new agent the browser has the new page: it asks each time, and is told in a line when it has it already.
const WITH_EACH: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-cache"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Half a digest: it tells versions of a file apart, and keeps no secret.
fn etag(body: &[u8]) -> HeaderValue {
    let digest = digest::digest(&digest::SHA256, body);
    let half = digest
        .as_ref()
        .first_chunk()
        .map_or(0, |bytes| u128::from_be_bytes(*bytes));
    // 34 letters that are all printable
    HeaderValue::from_str(&format!("\"{half:032x}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests;
