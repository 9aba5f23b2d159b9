//! JSON bodies.

use super::read;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stagehook_core::invalid::{Invalid, from_value};
use stagehook_core::nesting::{NESTING_MAX, is_too_deep};
use std::time::Duration;

/// A JSON body, read into a type; what does not fit is answered with its JSON
/// pointer.
#[derive(Debug)]
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let settings = &state.settings;
        let (most, patience) = (settings.body_max_bytes, settings.read_timeout);
        read_json(request.into_body(), most, patience)
            .await
            .map(Self)
    }
}

/// Reads a JSON body of at most so many bytes into a type.
pub(crate) async fn read_json<T: DeserializeOwned>(
    body: Body,
    most: usize,
    patience: Duration,
) -> Result<T, Problem> {
    let value = document(body, most, patience).await?;
    if !value.is_object() {
        return Err(Invalid::one("", "the body must be a JSON object").into());
    }
    Ok(from_value(value)?)
}

/// A JSON body that need not be an object; whoever takes it reads it into types.
#[derive(Debug)]
pub(crate) struct ApiDocument(pub(crate) Value);

impl FromRequest<ApiState> for ApiDocument {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let settings = &state.settings;
        let (most, patience) = (settings.body_max_bytes, settings.read_timeout);
        document(request.into_body(), most, patience)
            .await
            .map(Self)
    }
}

async fn document(body: Body, most: usize, patience: Duration) -> Result<Value, Problem> {
    let body = read(body, most, patience).await?;
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
    Ok(value)
}
