use std::collections::BTreeSet;

use axum::{body::Body, http::Request};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::*;

async fn ask(method: &str, path: &str, held: Option<&str>) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(held) = held {
        request = request.header("if-none-match", held);
    }
    let service = TowerToHyperService::new(routes::<()>().with_state(()));
    service.call(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    ASSETS
        .iter()
        .map(|asset| (asset.path, str::from_utf8(asset.body).unwrap()))
}

#[tokio::test]
async fn each_file_comes_whole_with_its_type_and_the_policy() {
    for asset in &ASSETS {
        let response = ask("GET", asset.path, None).await;
        assert_eq!(response.status(), StatusCode::OK, "{}", asset.path);
        assert_eq!(header(&response, "content-type"), asset.content_type);
        assert_eq!(header(&response, "content-length"), asset.body.len().to_string());
        assert_eq!(header(&response, "cache-control"), "no-cache");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        let policy = header(&response, "content-security-policy").to_owned();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(
                policy.split("; ").any(|part| part == directive),
                "{directive}: {policy}"
            );
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(body(response).await, asset.body);
    }
}

#[tokio::test]
async fn head_has_the_headers_and_no_body() {
    let response = ask("HEAD", "/", None).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), HTML);
    assert_eq!(header(&response, "content-length"), ASSETS[0].body.len().to_string());
    assert_eq!(body(response).await, "");
}

#[tokio::test]
async fn who_has_a_file_is_told_so() {
    let tag = header(&ask("GET", "/page/main.js", None).await, "etag").to_owned();
    let other = header(&ask("GET", "/page/table.js", None).await, "etag").to_owned();
    assert!(tag.len() == 34 && tag != other, "{tag} {other}");
    for (held, expected) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("{other} , {tag}"), 304),
        ("*".to_owned(), 304),
        (other, 200),
        (tag.replace('"', ""), 200),
        (String::new(), 200),
    ] {
        for method in ["GET", "HEAD"] {
            let response = ask(method, "/page/main.js", Some(&held)).await;
            assert_eq!(response.status(), expected, "{method} {held}");
            assert_eq!(header(&response, "etag"), tag);
            assert_eq!(header(&response, "content-security-policy"), POLICY);
            if expected == 304 {
                assert_eq!(body(response).await, "");
            }
        }
    }
}

#[tokio::test]
async fn nothing_but_the_files_is_there() {
    for path in [
        "/page/",
        "/page",
        "/page/tests.rs",
        "/page/../page.rs",
        "/page/main.js/",
        "//",
    ] {
        assert!(!has(path), "{path}");
        assert_eq!(ask("GET", path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(ask("POST", "/", None).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn files_name_no_address_outside() {
    for (path, text) in texts() {
        // the name of a language, which nobody fetches
        let text = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for sign in [
            "://",
            "\"//",
            "'//",
            "`//",
            "url(",
            "@import",
            "data:",
            "blob:",
            "javascript:",
        ] {
            assert!(!text.contains(sign), "{path} has {sign}");
        }
    }
}

#[test]
fn markup_has_no_script_and_no_style_in_it() {
    let pages = ASSETS.iter().filter(|asset| asset.content_type == HTML);
    let pages: Vec<_> = pages.map(|asset| str::from_utf8(asset.body).unwrap()).collect();
    assert_eq!(pages.len(), 2);
    for page in pages {
        has_no_script_and_no_style(page);
    }
}

#[track_caller]
fn has_no_script_and_no_style(page: &str) {
    for (at, _) in page.match_indices("<script") {
        let element = &page[at..at + page[at..].find("</script>").unwrap()];
        let (tag, inside) = element.split_once('>').unwrap();
        assert!(tag.contains("src=\"/page/") && inside.is_empty(), "{element}");
    }
    for sign in [
        "<style",
        "style=",
        "srcdoc",
        "<iframe",
        "<base",
        "http-equiv",
        "action=",
    ] {
        assert!(!page.contains(sign), "{sign}");
    }
    // handlers in attributes: ` onclick=`
    for (at, _) in page.match_indices(" on") {
        let word = page[at + 1..]
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        assert!(!page[at + 1 + word.len()..].starts_with('='), "{word}");
    }
}

#[test]
fn scripts_make_no_markup_and_no_code_of_text_and_keep_nothing() {
    let scripts = ASSETS.iter().filter(|asset| asset.content_type == SCRIPT);
    for (path, text) in scripts.map(|asset| (asset.path, str::from_utf8(asset.body).unwrap())) {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "setHTML",
            "document.write",
            "DOMParser",
            "createContextualFragment",
            "eval(",
            "Function(",
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "cookie",
            "serviceWorker",
            "postMessage",
            "XMLHttpRequest",
            "sendBeacon",
            "WebSocket",
        ] {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn each_module_that_is_named_is_served_and_each_that_is_served_is_named() {
    let mut named = BTreeSet::from(["/"]);
    for (path, text) in texts() {
        let is_page = text.starts_with("<!doctype html>");
        let own = if is_page { "\"/page/" } else { "from './" };
        for (at, _) in text.match_indices(own) {
            let rest = &text[at + own.len()..];
            let file = rest.split(['"', '\'']).next().unwrap();
            let served = ASSETS
                .iter()
                .find(|asset| asset.path.strip_prefix("/page/") == Some(file));
            named.insert(served.unwrap_or_else(|| panic!("{path} names {file}")).path);
        }
    }
    let served: BTreeSet<_> = ASSETS.iter().map(|asset| asset.path).collect();
    assert_eq!(named, served);
}
