//! What a request shows to be let in.

use super::session_cookie;
use crate::problem::Problem;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
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
    /// The one in these headers.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(header) = headers.get(AUTHORIZATION) {
            let header = header.to_str().ok();
            return header
                .and_then(|header| header.split_once(' '))
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                .map(|(_, token)| token.trim())
                .filter(|token| !token.is_empty())
                .map(Self::of_token)
                .ok_or_else(|| {
                    Problem::unauthorized("the Authorization header must be 'Bearer <token>'")
                });
        }
        match session_cookie::sent(headers) {
            Some(key) => key
                .parse()
                .map(Self::Session)
                .map_err(|_| Problem::unauthorized("the session's cookie is none: sign in again")),
            None => Err(Problem::unauthorized(
                "send 'Authorization: Bearer <token>', or sign in",
            )),
        }
    }

    /// A token itself.
    pub(crate) fn of_token(token: &str) -> Self {
        Self::Token(Digest::of(token.as_bytes()))
    }

    /// What it is known by. Digests are what is compared, so that how long that
    /// takes says nothing about a token or a key.
    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::Token(digest) => *digest,
            Self::Session(key) => key.digest(),
        }
    }
}
