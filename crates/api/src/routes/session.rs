//! The session of a person who signed in. REQ-API-5

use crate::auth::{Credential, cleared, issued, refuse_other_sites, sent};
use crate::extract::read_json;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagehook_core::digest::Digest;
use stagehook_core::invalid::Invalid;
use stagehook_core::session::SessionKey;
use stagehook_core::token::Role;
use stagehook_store::OpenSession;
use utoipa::ToSchema;

/// Most bytes of a request to sign in: whoever sends it is nobody yet.
const SIGN_IN_MAX: usize = 4 << 10;

/// Who signs in.
///
/// Read as any JSON: what serde says of a wrong type repeats what was sent, and
/// nothing may repeat a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// An API token.
    #[schema(value_type = String, write_only)]
    token: Value,
}

/// The session of a person who signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// The name of the token that it was begun with: what the audit trail calls
    /// them.
    name: String,
    /// What they may do.
    role: Role,
    /// What every request but GET and HEAD has to repeat in the header
    /// `X-CSRF-Token`.
    csrf_token: String,
    /// When it ends.
    expires_at: DateTime<Utc>,
    /// The server that answers.
    server: ThisServer,
}

/// What a session is told of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThisServer {
    /// Its version.
    version: &'static str,
    /// How scripts are confined here, as `/healthz` says it.
    confinement: &'static str,
}

impl Session {
    fn new(state: &ApiState, key: &SessionKey, open: OpenSession) -> Self {
        Self {
            name: open.token.name,
            role: open.token.role,
            csrf_token: key.csrf_token(),
            expires_at: open.expires_at,
            server: ThisServer {
                version: env!("CARGO_PKG_VERSION"),
                confinement: state.engine.confinement().as_str(),
            },
        }
    }
}

/// Signs in: begins a session for whoever has a token. Open to everybody.
///
/// The session's key is in the cookie `stagehook_session` (by https:
/// `__Host-stagehook_session`), which is as good as the token for everything below
/// `/api/v1`. It lasts thirty days, and no longer than its token. With the cookie,
/// every request but GET and HEAD needs the header `X-CSRF-Token`. Of more than 20
/// sessions of one token the oldest end; so does the session whose cookie is sent.
#[utoipa::path(post, operation_id = "sign_in", path = "/session", tag = "session", request_body = SignIn, security(()),
    responses((status = 200, body = Session, headers(("Set-Cookie" = String)))))]
pub(crate) async fn sign_in(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    refuse_other_sites(&headers)?;
    // What is no key names no session.
    let before: Option<SessionKey> = sent(&headers)?.and_then(|key| key.parse().ok());
    let SignIn { token } = read_json(body, SIGN_IN_MAX, state.settings.read_timeout).await?;
    let Value::String(token) = token else {
        return Err(Invalid::one("/token", "must be a text").into());
    };
    let token = Digest::of(token.as_bytes());
    let signed_in = state.engine.sign_in(&token, before.as_ref()).await?;
    let (key, open) = signed_in
        .ok_or_else(|| Problem::unauthorized("this token is not known, or has expired"))?;
    if before.is_some() {
        state.known.forget();
    }
    tracing::info!(token = open.token.name, "somebody signed in");
    let cookie = issued(&key, &headers);
    let session = Session::new(&state, &key, open);
    Ok(([(SET_COOKIE, cookie)], Json(session)))
}

/// Shows the session whose cookie is sent.
#[utoipa::path(get, operation_id = "get_session", path = "/session", tag = "session",
    responses((status = 200, body = Session)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Extension(credential): Extension<Credential>,
) -> Result<Json<Session>, Problem> {
    let key = key_of(&credential)?;
    let open = state.engine.store().find_session(&key.digest()).await?;
    let open = open.ok_or_else(ended)?;
    Ok(Json(Session::new(&state, key, open)))
}

/// Signs out: ends the session whose cookie is sent, and has the browser forget
/// it. Whatever listens in it is closed.
#[utoipa::path(delete, operation_id = "sign_out", path = "/session", tag = "session",
    responses((status = 204)))]
pub(crate) async fn sign_out(
    State(state): State<ApiState>,
    Extension(credential): Extension<Credential>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let key = key_of(&credential)?;
    state.engine.store().end_session(&key.digest()).await?;
    state.known.forget();
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cleared(&headers))]))
}

fn key_of(credential: &Credential) -> Result<&SessionKey, Problem> {
    match credential {
        Credential::Session(key) => Ok(key),
        Credential::Token(_) => Err(Problem::unauthorized(
            "a token by itself is no session: POST /api/v1/session begins one",
        )),
    }
}

fn ended() -> Problem {
    Problem::unauthorized("the session has ended: sign in again")
}
