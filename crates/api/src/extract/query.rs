//! Query strings.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use stagehook_core::invalid::{Invalid, pointer_token};
use std::fmt::Write as _;

/// A query string, read into a type; an unknown parameter is an error.
#[derive(Debug)]
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        let value = serde_path_to_error::deserialize(reader).map_err(|error| {
            let mut pointer = String::new();
            for segment in error.path() {
                if let serde_path_to_error::Segment::Map { key } = segment {
                    let _ = write!(pointer, "/{}", pointer_token(key));
                }
            }
            Problem::invalid(
                "invalid-query",
                Invalid::one(pointer, error.inner().to_string()),
            )
        })?;
        Ok(Self(value))
    }
}
