//! The cookie that holds a session's key.
//!
//! Where the browser came by https, its name begins with `__Host-` (RFC 6265bis,
//! section 4.1.3.2): browsers then take it from this very host alone. Without
//! https, another host of the same domain can set one of our name beside ours, and
//! nothing says which is which; then none of them counts.

use crate::problem::Problem;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, StatusCode};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use stagehook_core::session::{LASTS, SessionKey};

const NAME: &str = "stagehook_session";
const NAME_BY_HTTPS: &str = "__Host-stagehook_session";

/// The key in these headers, whatever it is.
pub(crate) fn sent(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let name = name(headers);
    let mut keys = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned());
    let key = keys.next();
    if keys.any(|other| key.as_ref() != Some(&other)) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "cookies-differ",
            format!(
                "there are several cookies {name}, and another site of the same domain may have \
                 set one of them: delete the cookies of this site in the browser, and sign in again"
            ),
        ));
    }
    Ok(key)
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
    Cookie::build((name(request), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(came_by_https(request))
        .build()
}

fn name(request: &HeaderMap) -> &'static str {
    if came_by_https(request) {
        NAME_BY_HTTPS
    } else {
        NAME
    }
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
