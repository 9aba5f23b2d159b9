//! The cookie that holds a session's key.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use stagehook_core::session::{LASTS, SessionKey};

const NAME: &str = "stagehook_session";

/// The key in these headers, whatever it is.
pub(super) fn sent(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == NAME)
        .map(|cookie| cookie.value().to_owned())
}

/// Has the browser keep this key.
pub(crate) fn issued(key: &SessionKey, request: &HeaderMap) -> String {
    let mut cookie = ours(key.reveal(), request);
    cookie.set_max_age(Duration::seconds(LASTS.num_seconds()));
    cookie.to_string()
}

/// Has the browser forget it.
pub(crate) fn cleared(request: &HeaderMap) -> String {
    let mut cookie = ours(String::new(), request);
    cookie.set_max_age(Duration::ZERO);
    cookie.to_string()
}

/// No script can read it, and no page of another site has it sent.
fn ours(value: String, request: &HeaderMap) -> Cookie<'static> {
    Cookie::build((NAME, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(came_by_https(request))
        .build()
}

/// Whether the request reached the proxy in front of this server by https; this
/// server itself speaks http.
fn came_by_https(request: &HeaderMap) -> bool {
    request
        .get("x-forwarded-proto")
        .and_then(|value| value.to_str().ok())
        .and_then(|protocols| protocols.split(',').next())
        .is_some_and(|protocol| protocol.trim().eq_ignore_ascii_case("https"))
}
