//! JSON bodies.

use super::read;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stagehook_core::invalid::{Invalid, from_value};
use stagehook_core::nesting::{NESTING_MAX, is_too_deep};

/// A JSON body, read into a type; what does not fit is answered with its JSON
/// pointer.
#[derive(Debug)]
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let ApiDocument(value) = ApiDocument::from_request(request, state).await?;
        if !value.is_object() {
            return Err(Invalid::one("", "the body must be a JSON object").into());
        }
        Ok(Self(from_value(value)?))
    }
}

/// A JSON body that need not be an object; whoever takes it reads it into types.
#[derive(Debug)]
pub(crate) struct ApiDocument(pub(crate) Value);

impl FromRequest<ApiState> for ApiDocument {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let settings = &state.settings;
        let body = read(
            request.into_body(),
            settings.body_max_bytes,
            settings.read_timeout,
        )
        .await?;
        // No body at all is the empty object: what is required is then named.
        let value: Value = if body.is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            serde_json::from_slice(&body).map_err(|error| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "invalid-json",
                    format!("the body is no JSON: {error}"),
                )
            })?
        };
        if is_too_deep(&value) {
            let detail = format!("the body is nested deeper than {NESTING_MAX} levels");
            return Err(Invalid::one("", detail).into());
        }
        Ok(Self(value))
    }
}
