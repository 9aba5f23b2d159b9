//! What a request shows to be let in.

use super::session_cookie;
use crate::problem::Problem;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use stagehook_core::digest::Digest;
use stagehook_core::session::SessionKey;

/// What a request shows to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// An API token, by its digest.
    Token(Digest),
    /// The cookie of a session.
    Session(SessionKey),
}

impl Credential {
    /// The one in these headers. A token wins; a header that is meant for a proxy
    /// in front of this server (`Basic`) takes nothing from a cookie.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let authorization = headers.get(AUTHORIZATION);
        if let Some(header) = authorization.filter(|header| is_bearer(header)) {
            return Self::of_authorization(header);
        }
        match (session_cookie::sent(headers)?, authorization) {
            (Some(key), _) => key
                .parse()
                .map(Self::Session)
                .map_err(|_| Problem::unauthorized("the session's cookie is none: sign in again")),
            (None, Some(header)) => Self::of_authorization(header),
            (None, None) => Err(Problem::unauthorized(
                "send 'Authorization: Bearer <token>', or sign in",
            )),
        }
    }

    /// The token in an `Authorization` header.
    pub(crate) fn of_authorization(header: &HeaderValue) -> Result<Self, Problem> {
        let header = Some(header).filter(|header| is_bearer(header));
        header
            .and_then(|header| header.to_str().ok()?.split_once(' '))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty())
            .map(Self::of_token)
            .ok_or_else(|| {
                Problem::unauthorized("the Authorization header must be 'Bearer <token>'")
            })
    }

    /// A token itself.
    pub(crate) fn of_token(token: &str) -> Self {
        Self::Token(Digest::of(token.as_bytes()))
    }

    /// What it is remembered by.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Token(digest) => Fingerprint::Token(*digest),
            Self::Session(key) => Fingerprint::Session(key.digest()),
        }
    }
}

/// What a credential is remembered by. Digests are what is compared, so that how
/// long that takes says nothing about a token or a key; and of its own kind only:
/// a token that somebody chose may have the bytes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fingerprint {
    /// Of an API token.
    Token(Digest),
    /// Of a session's key.
    Session(Digest),
}

/// Whether an `Authorization` header is of the scheme of tokens.
fn is_bearer(header: &HeaderValue) -> bool {
    let scheme = header.as_bytes().split(|byte| *byte == b' ').next();
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
}
