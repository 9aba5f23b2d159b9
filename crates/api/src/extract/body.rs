//! Reads a body within its bounds of size and time.

use crate::problem::Problem;
use axum::body::{Body, HttpBody};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use std::time::Duration;

/// How much of a body that is too large is read and thrown away, so that the
/// client reads our answer instead of a reset connection.
const DRAINED_MAX: usize = 256 << 20;

/// The whole body, or why not.
pub(crate) async fn read(body: Body, most: usize, patience: Duration) -> Result<Bytes, Problem> {
    let expected = body.size_hint().exact().unwrap_or(0);
    let collect = async {
        let mut stream = body.into_data_stream();
        let mut kept = BytesMut::new();
        let mut seen = 0_usize;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "incomplete-body",
                    "the connection ended before the body was complete",
                )
            })?;
            seen = seen.saturating_add(chunk.len());
            // What is announced as too large is not kept in the first place.
            if seen <= most && expected <= most as u64 {
                kept.extend_from_slice(&chunk);
            } else {
                kept = BytesMut::new();
                if seen > DRAINED_MAX {
                    break;
                }
            }
        }
        if seen > most {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                format!(
                    "the body may have at most {most} bytes, this one has {} or more",
                    seen.max(usize::try_from(expected).unwrap_or(usize::MAX))
                ),
            ));
        }
        Ok(kept.freeze())
    };
    tokio::time::timeout(patience, collect)
        .await
        .unwrap_or_else(|_| {
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body-too-slow",
                format!("the body did not arrive within {} s", patience.as_secs()),
            ))
        })
}
