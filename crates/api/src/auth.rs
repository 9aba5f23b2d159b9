//! Who asks: whoever sends an API token, or the cookie of a session that was begun
//! with one. REQ-API-5
//!
//! A token in the `Authorization` header wins over the cookie. Browsers send
//! cookies by themselves, also when a page of another site makes them: with the
//! cookie, a change needs a header that only our own page can know of.
//!
//! What each role allows is the table of [`access`].

mod credential;
mod known_tokens;
mod origin;
mod session_cookie;

pub(crate) use credential::Credential;
pub(crate) use known_tokens::KnownTokens;
pub(crate) use origin::refuse_other_sites;
pub(crate) use session_cookie::{cleared, issued, sent};
pub(crate) use stagehook_core::token::Actor;

use crate::problem::Problem;
use crate::router::BASE;
use crate::state::ApiState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::ALLOW;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use stagehook_core::access;
use stagehook_core::token::ApiToken;
use std::time::Duration;

/// How long a token is believed without asking the store again; one that another
/// server revoked works that much longer.
const BELIEVED: Duration = Duration::from_secs(5);
/// How often it is looked whether those who listen may still do so, and how long
/// their token is believed then: together that is no longer than for others.
const LISTENERS_LOOKED_AFTER: Duration = Duration::from_secs(4);
const OF_LISTENERS_BELIEVED: Duration = Duration::from_secs(1);
/// Where the text stands that a change repeats.
const CSRF_HEADER: &str = "x-csrf-token";

/// Lets only requests through whose token or session is valid, and allows them.
pub(crate) async fn admit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (credential, actor) = match admitted(&state, &parts).await {
        Ok(admitted) => admitted,
        Err(problem) => return problem.into_response(),
    };
    if let Some(refused) = refusal(&actor, &parts) {
        return refused;
    }
    parts.extensions.insert(actor);
    parts.extensions.insert(credential);
    next.run(Request::from_parts(parts, body)).await
}

async fn admitted(state: &ApiState, request: &Parts) -> Result<(Credential, Actor), Problem> {
    let credential = Credential::of(&request.headers)?;
    let actor = whose(state, &credential).await?;
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    if !reads && let Credential::Session(key) = &credential {
        let sent = request.headers.get(CSRF_HEADER);
        let sent = sent.and_then(|value| value.to_str().ok());
        if !sent.is_some_and(|sent| key.is_csrf_token(sent)) {
            return Err(csrf(
                "with the session's cookie, a change needs its csrf_token in the header \
                 X-CSRF-Token: GET /api/v1/session has it",
            ));
        }
    }
    Ok((credential, actor))
}

/// What is answered to somebody whose role is not enough.
fn refusal(actor: &Actor, request: &Parts) -> Option<Response> {
    // What has no route needs no role to be told so.
    let path = request.extensions.get::<MatchedPath>()?.as_str();
    // A parameter that holds `/` has a name of its own for the router alone.
    let path = path.strip_prefix(BASE).unwrap_or(path).replace("{*", "{");
    let method = request.method.as_str();
    let needed = access::needed(method, &path);
    if actor.role() >= needed {
        return None;
    }
    // No role would help here. It is said here, not by the router: a method that is
    // not in the table must not be reached, should it have a handler after all.
    let methods = access::methods(&path);
    if !methods.is_empty() && !methods.contains(&method) {
        let allow = [(ALLOW, methods.join(","))];
        return Some((allow, Problem::method_not_allowed()).into_response());
    }
    let forbidden = Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        format!(
            "this needs the role {needed}, and the token '{}' has the role {}",
            actor.name(),
            actor.role()
        ),
    );
    Some(forbidden.into_response())
}

/// A request that a page of another site may have had the browser make.
fn csrf(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "csrf", detail)
}

/// Whose token or session this is.
pub(crate) async fn whose(state: &ApiState, credential: &Credential) -> Result<Actor, Problem> {
    believed_for(state, credential, BELIEVED).await
}

/// Becomes ready when somebody who listens may do so no longer: at once where it
/// was this server that revoked the token or ended the session.
pub(crate) async fn refused(state: ApiState, credential: Credential) {
    let mut forgotten = state.known.forgotten();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LISTENERS_LOOKED_AFTER) => {}
            _ = forgotten.changed() => {}
        }
        let answer = believed_for(&state, &credential, OF_LISTENERS_BELIEVED).await;
        if answer.is_err_and(|problem| problem.is_unauthorized()) {
            return;
        }
    }
}

async fn believed_for(
    state: &ApiState,
    credential: &Credential,
    believed: Duration,
) -> Result<Actor, Problem> {
    let look_up = match state.known.get(credential.fingerprint(), believed) {
        Ok(actor) => return Ok(actor),
        Err(look_up) => look_up,
    };
    let token = token_of(state, credential).await?;
    state.engine.token_used(&token);
    let actor = token.actor();
    state
        .known
        .put(&look_up, credential.fingerprint(), actor.clone());
    Ok(actor)
}

async fn token_of(state: &ApiState, credential: &Credential) -> Result<ApiToken, Problem> {
    let store = state.engine.store();
    match credential {
        Credential::Token(digest) => store
            .find_token(digest)
            .await?
            .ok_or_else(|| Problem::unauthorized("this token is not known, or has expired")),
        Credential::Session(key) => store
            .find_session(&key.digest())
            .await?
            .map(|session| session.token)
            .ok_or_else(|| Problem::unauthorized("the session has ended: sign in again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A route that stands nowhere would be the administrators', and one that
    /// stands there under another name as well.
    #[test]
    fn the_table_of_roles_has_every_route() {
        let document = serde_json::to_value(crate::document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<String> = paths
            .iter()
            .flat_map(|(path, item)| {
                let path = path.strip_prefix(BASE).unwrap();
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        // The one is open to everybody, the other stands beside the interface.
        let beside = ["POST /session", "GET /metrics"].map(str::to_owned);
        let listed: BTreeSet<String> = access::routes()
            .map(|(route, _)| route.to_owned())
            .collect();
        let differ: Vec<_> = described
            .symmetric_difference(&listed)
            .filter(|route| !beside.contains(route))
            .collect();
        assert!(differ.is_empty(), "{differ:#?}");
        assert_eq!(
            access::routes().count(),
            listed.len(),
            "each stands there once"
        );
    }
}
