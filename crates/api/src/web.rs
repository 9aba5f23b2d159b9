//! The web interface: the files that `frontend/` is built into, part of the binary.
//! REQ-UI-1
//!
//! A debug build reads them from `frontend/dist` as they are asked for, so that a
//! change of the interface needs no compiler. A path that is no file is a page of
//! the interface, which has its own routes.

mod encoding;
mod policy;

use crate::problem::Problem;
use crate::router::no_such_path;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use encoding::Encoding;
use rust_embed::{Embed, EmbeddedFile};
use std::fmt::Write as _;

/// The built files. A build without them serves a page that says so.
#[derive(Embed)]
#[cfg_attr(not(without_web), folder = "../../frontend/dist")]
#[cfg_attr(without_web, folder = "../../frontend/not-built")]
#[allow_missing = true]
struct Built;

/// The one page of the application.
const PAGE: &str = "index.html";
/// What is in here has a hash of its content in its name.
const HASHED: &str = "assets/";
const NOT_BUILT: &str = "<!doctype html><title>Stagehook</title><p>This build has no web interface. \
     Build it (<code>scripts/build-frontend</code>) and start the server again. The API is at \
     <a href=\"/api/v1/openapi.json\">/api/v1</a>.";

/// Answers what no other route did.
pub(crate) async fn serve(request: Request) -> Response {
    let mut response = answer_to(request).await;
    // The page's policy rules what the page loads, but for workers: these have that
    // of their own file.
    policy::protect(response.headers_mut());
    response
}

async fn answer_to(request: Request) -> Response {
    let path = request.uri().path();
    if is_not_of_the_web(path) || !accepts_pages(request.headers()) {
        return no_such_path(request.uri().clone()).await.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let problem = Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "this is a page; the API is below /api/v1",
        );
        return ([(ALLOW, "GET, HEAD")], problem).into_response();
    }
    let name = path.trim_start_matches('/');
    match file(name, request.headers()) {
        Some(response) => response,
        // A file of an older build, asked for by a page that is still open.
        None if name.starts_with(HASHED) => {
            no_such_path(request.uri().clone()).await.into_response()
        }
        None => file(PAGE, request.headers()).unwrap_or_else(not_built),
    }
}

/// Whether the path is below one of those that answer programs.
fn is_not_of_the_web(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    matches!(
        first,
        "api" | "socket.io" | "healthz" | "readyz" | "metrics" | "problems"
    )
}

/// A program that wants JSON and mistook the base is told so, and gets no page.
fn accepts_pages(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()) else {
        return true;
    };
    !accept.contains("json") || accept.contains("text/html")
}

fn file(name: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Built::get(name)?;
    let (encoding, file) = encoding::accepted(headers)
        .find_map(|encoding| Some((encoding, Built::get(&encoding.name_of(name))?)))
        .unwrap_or((Encoding::Identity, plain));
    Some(answer(name, encoding, file, headers))
}

fn answer(name: &str, encoding: Encoding, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = entity_tag(&file.metadata.sha256_hash());
    let fresh = headers.get(IF_NONE_MATCH) == Some(&tag);
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = file.data.into_response();
        let kind = mime_guess::from_path(name).first_or_octet_stream();
        if let Ok(kind) = HeaderValue::from_str(&with_charset(&kind)) {
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        response
    };
    let kept = if name.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let answered = response.headers_mut();
    answered.insert(ETAG, tag);
    answered.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    answered.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    if let Some(encoding) = encoding.token() {
        answered.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn with_charset(kind: &mime_guess::Mime) -> String {
    let is_text = kind.type_() == mime_guess::mime::TEXT || kind.subtype() == "javascript";
    if is_text {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    }
}

fn entity_tag(digest: &[u8]) -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in digest.iter().take(16) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

fn not_built() -> Response {
    let kind = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::SERVICE_UNAVAILABLE, kind, NOT_BUILT).into_response()
}
