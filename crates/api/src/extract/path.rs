//! Segments of the path.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path, RawPathParams};
use axum::http::request::Parts;
use std::str::FromStr;

/// The one parameter of the path, read into a type. What cannot be an id names
/// nothing that exists.
#[derive(Debug)]
pub(crate) struct Segment<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found("there is no such path"))?;
        let text = params
            .iter()
            .next()
            .map(|(_, text)| text)
            .unwrap_or_default();
        text.parse()
            .map(Self)
            .map_err(|_| Problem::not_found(format!("'{}' is no id", brief(text))))
    }
}

/// The two parameters of a path.
#[derive(Debug)]
pub(crate) struct Segments(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((first, second)) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found("there is no such path"))?;
        Ok(Self(first, second))
    }
}

fn brief(text: &str) -> String {
    text.chars().take(64).collect()
}
