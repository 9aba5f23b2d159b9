//! API tokens: made, listed without themselves, and revoked. REQ-API-5

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use stagehook_core::ids::TokenId;
use stagehook_core::invalid::Invalid;
use stagehook_core::text;
use stagehook_core::token::{ApiToken, Role, SERVER};
use utoipa::ToSchema;

/// Longest that a token works which is said to expire, in days: ten years.
const DAYS_MAX: u32 = 3650;

/// A token to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Unique among the tokens; what the audit trail calls whoever uses it.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// What it allows.
    role: Role,
    /// How many days it works, up to ten years; until it is revoked where nothing
    /// is said.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    /// What it is.
    #[serde(flatten)]
    about: ApiToken,
    /// The token itself. It is shown this one time.
    token: String,
}

/// Makes a token; for administrators.
///
/// The token itself is in the answer, this one time: the server keeps a hash
/// alone.
#[utoipa::path(post, operation_id = "create_token", path = "/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = CreatedToken)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(new): ApiJson<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    let name = text::name("/name", &new.name)?;
    if name == SERVER {
        let detail = format!("'{SERVER}' is what the audit trail calls the server itself");
        return Err(Invalid::one("/name", detail).into());
    }
    let days = new.expires_in_days;
    if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        let detail = format!("must be between 1 and {DAYS_MAX}");
        return Err(Invalid::one("/expires_in_days", detail).into());
    }
    let lasts = days.map(|days| TimeDelta::days(days.into()));
    let (token, about) = state
        .engine
        .create_token(&actor, name, new.role, lasts)
        .await?;
    let token = token.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(CreatedToken { about, token })))
}

/// Lists the tokens without themselves, oldest first, those that have expired
/// included; for administrators.
#[utoipa::path(get, operation_id = "list_tokens", path = "/tokens", tag = "tokens", params(PageQuery),
    responses((status = 200, body = Listing<ApiToken>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Listing<ApiToken>>, Problem> {
    let page = state.engine.store().list_tokens(page.request()?).await?;
    Ok(Json(page.into()))
}

/// Revokes a token; for administrators. Its sessions end, and whoever listens
/// with it is closed: on this server at once, on others within five seconds.
///
/// The last administrator's token that does not expire cannot be revoked. One
/// that the server is given at its start (`STAGEHOOK_ADMIN_TOKEN`) is there again
/// after the next start.
#[utoipa::path(delete, operation_id = "revoke_token", path = "/tokens/{id}", tag = "tokens", params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<TokenId>,
) -> Result<StatusCode, Problem> {
    state.engine.store().revoke_token(actor.name(), id).await?;
    state.known.forget();
    Ok(StatusCode::NO_CONTENT)
}
