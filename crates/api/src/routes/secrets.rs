//! Secrets: set, listed without their values, and deleted.

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::Value;
use stagehook_core::config::SecretName;
use stagehook_core::invalid::{Findings, Invalid};
use stagehook_core::secret::{
    OVERLAP_DEFAULT_SECONDS, OVERLAP_MAX_SECONDS, SECRET_MAX_BYTES, SecretValue,
};
use stagehook_engine::secrets::{Rekeyed, ShownSecret};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// What a secret is to be.
///
/// Read as any JSON: what serde says of a wrong type repeats what was sent, and
/// nothing may repeat a secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretRequest {
    /// The value: 1 byte to 64 KiB, as it is.
    #[schema(value_type = String, min_length = 1, max_length = 65536, write_only)]
    value: Value,
    /// How long the value before this one still signs webhooks, in seconds: up to
    /// thirty days, a day by default, 0 for not at all.
    #[serde(default)]
    #[schema(value_type = Option<u32>, maximum = 2_592_000)]
    overlap_seconds: Value,
}

impl SecretRequest {
    fn check(self) -> Result<(SecretValue, Duration), Invalid> {
        let mut findings = Findings::default();
        let value = match self.value {
            Value::String(value) => SecretValue::try_from(value).map_err(|e| e.to_string()),
            _ => Err(format!("must be a text of 1 to {SECRET_MAX_BYTES} bytes")),
        };
        let value = value.map_err(|why| findings.push("/value", why)).ok();
        let seconds = match self.overlap_seconds {
            Value::Null => Some(u64::from(OVERLAP_DEFAULT_SECONDS)),
            seconds => seconds.as_u64(),
        };
        let overlap = seconds.filter(|seconds| *seconds <= u64::from(OVERLAP_MAX_SECONDS));
        if overlap.is_none() {
            let detail = format!("must be a whole number from 0 to {OVERLAP_MAX_SECONDS}");
            findings.push("/overlap_seconds", detail);
        }
        findings.finish()?;
        match (value, overlap) {
            (Some(value), Some(seconds)) => Ok((value, Duration::from_secs(seconds))),
            _ => Err(Invalid::one("", "is no secret")),
        }
    }
}

/// How to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteQuery {
    /// Also where hooks name it: they fail from then on.
    #[serde(default)]
    force: bool,
}

/// Lists the stored secrets without their values, in the order in which they were
/// stored first.
///
/// Secrets of the server's environment are not among them.
#[utoipa::path(get, operation_id = "list_secrets", path = "/secrets", tag = "secrets", params(PageQuery),
    responses((status = 200, body = Listing<ShownSecret>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Listing<ShownSecret>>, Problem> {
    let page = query.request()?;
    Ok(Json(state.engine.list_secrets(page).await?.into()))
}

/// Sets a secret; for administrators. It takes effect at once: hooks that start
/// from now on have the new value, on other servers within a second.
///
/// It comes before a secret of the same name in the server's environment. While
/// the value before it overlaps, webhooks are signed with both. Setting the value
/// that it has already changes nothing, except that an overlap of 0 ends the one
/// there may be.
#[utoipa::path(put, operation_id = "put_secret", path = "/secrets/{name}", tag = "secrets",
    params(("name" = String, Path, description = "1 to 64 letters, digits, '_' or '-'")),
    request_body = SecretRequest,
    responses((status = 201, description = "It is new"), (status = 204, description = "It was there before")))]
pub(crate) async fn put(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(name): Segment<String>,
    ApiJson(request): ApiJson<SecretRequest>,
) -> Result<StatusCode, Problem> {
    let name = SecretName::try_from(name)
        .map_err(|error| Invalid::one("", format!("the name {error}")))?;
    let (value, overlap) = request.check()?;
    let is_new = state
        .engine
        .put_secret(&actor, name, value, overlap)
        .await?;
    Ok(if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    })
}

/// Deletes a secret; for administrators. A secret of the same name in the server's
/// environment is in force again.
#[utoipa::path(delete, operation_id = "delete_secret", path = "/secrets/{name}", tag = "secrets",
    params(("name" = String, Path, description = "Its name"), DeleteQuery),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(name): Segment<String>,
    ApiQuery(query): ApiQuery<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    let name =
        SecretName::try_from(name).map_err(|_| Problem::not_found("there is no such secret"))?;
    state
        .engine
        .delete_secret(&actor, &name, query.force)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Encrypts every stored secret with this server's current key that an older one
/// encrypted; for administrators. Values stay what they are.
#[utoipa::path(post, operation_id = "rekey_secrets", path = "/secret-rekey", tag = "secrets",
    responses((status = 200, body = Rekeyed)))]
pub(crate) async fn rekey(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Rekeyed>, Problem> {
    Ok(Json(state.engine.rekey_secrets(&actor).await?))
}
