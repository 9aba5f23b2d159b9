//! What a browser lets the page do.

use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Nothing comes from elsewhere, nothing is sent elsewhere, and no script is in the
/// page itself: names of hooks and what they print stay text. Components set
/// sizes and colours by `style`, which is why styles may be inline.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

/// Puts the policies of the web interface on an answer.
pub(super) fn protect(headers: &mut HeaderMap) {
    let policies = [
        (CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        ),
    ];
    for (name, value) in policies {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
