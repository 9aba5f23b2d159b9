//! Who asks: API tokens. REQ-API-5

use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use stagehook_core::digest::Digest;
pub(crate) use stagehook_core::token::Actor;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a token is believed without asking the store again; a revoked one
/// works that much longer.
const BELIEVED: Duration = Duration::from_secs(5);
/// Most tokens that are remembered.
const REMEMBERED: usize = 1024;
/// Longest token, in bytes.
const TOKEN_MAX: usize = 512;

/// The tokens seen lately, by the digest under which the store keeps them. A
/// look-up compares digests, so its timing says nothing about a token.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    known: Mutex<HashMap<Digest, (Actor, Instant)>>,
}

impl Sessions {
    fn get(&self, digest: &Digest) -> Option<Actor> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(digest)
            .filter(|(_, since)| since.elapsed() < BELIEVED)
            .map(|(actor, _)| actor.clone())
    }

    fn put(&self, digest: Digest, actor: Actor) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(digest, (actor, Instant::now()));
    }
}

/// Lets only requests with a valid token through.
pub(crate) async fn require_token(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION).cloned();
    match authenticate(&state, header).await {
        Ok(actor) => {
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Whose token is in the Authorization header.
pub(crate) async fn authenticate(
    state: &ApiState,
    header: Option<HeaderValue>,
) -> Result<Actor, Problem> {
    let header =
        header.ok_or_else(|| Problem::unauthorized("send 'Authorization: Bearer <token>'"))?;
    let token = header
        .to_str()
        .ok()
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| (1..=TOKEN_MAX).contains(&token.len()))
        .ok_or_else(|| {
            Problem::unauthorized("the Authorization header must be 'Bearer <token>'")
        })?;
    whose(state, token).await
}

/// Whose token this is.
pub(crate) async fn whose(state: &ApiState, token: &str) -> Result<Actor, Problem> {
    if token.len() > TOKEN_MAX {
        return Err(Problem::unauthorized("this token is not known"));
    }
    let digest = Digest::of(token.as_bytes());
    if let Some(actor) = state.sessions.get(&digest) {
        return Ok(actor);
    }
    let token = state
        .engine
        .store()
        .find_token(&digest)
        .await?
        .ok_or_else(|| Problem::unauthorized("this token is not known"))?;
    let actor = Actor::new(token.name, token.role);
    state.sessions.put(digest, actor.clone());
    Ok(actor)
}
