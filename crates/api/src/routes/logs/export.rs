//! Logs as a file: read a page at a time, while it is sent.

use super::{LogItem, Logs};
use axum::BoxError;
use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagehook_core::page::{Cursor, PageRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

/// Logs that are in memory at once; each may hold megabytes.
const PAGE: u32 = 20;
/// Bytes that are handed on at once: between two of them somebody looks at the
/// clock.
const PIECE: usize = 256 << 10;
/// How long an export may take.
const LONGEST: Duration = Duration::from_hours(1);

/// What the columns of a table are called, and where in a log they are.
const COLUMNS: [(&str, &str); 24] = [
    ("id", "/id"),
    ("executed_at", "/executed_at"),
    ("hook_id", "/hook/id"),
    ("hook_name", "/hook/name"),
    ("hook_version", "/hook/version"),
    ("hook_type", "/hook_type"),
    ("source", "/hook/source"),
    ("hook_point", "/hook_point"),
    ("event", "/event"),
    ("failure_mode", "/failure_mode"),
    ("job_id", "/job_id"),
    ("stage_run_id", "/stage_run_id"),
    ("delivery_id", "/delivery_id"),
    ("execution_id", "/execution_id"),
    ("attempt", "/attempt"),
    ("is_test", "/is_test"),
    ("status", "/status"),
    ("success", "/success"),
    ("exit_code", "/exit_code"),
    ("duration_ms", "/duration_ms"),
    ("error", "/error"),
    ("stdout", "/stdout"),
    ("stderr", "/stderr"),
    ("result", "/result"),
];

/// As what logs are exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportFormat {
    /// One JSON document a line.
    #[default]
    Ndjson,
    /// A table (RFC 4180), with the names of its columns in the first line.
    Csv,
}

impl ExportFormat {
    /// What the file is, and what it is to be called.
    pub(super) fn headers(self) -> HeaderMap {
        let (media_type, disposition) = match self {
            Self::Ndjson => (
                "application/x-ndjson",
                "attachment; filename=\"hook-logs.ndjson\"",
            ),
            Self::Csv => (
                "text/csv; charset=utf-8",
                "attachment; filename=\"hook-logs.csv\"",
            ),
        };
        HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        ])
    }

    /// What comes before the first log.
    fn head(self) -> String {
        match self {
            Self::Ndjson => String::new(),
            Self::Csv => {
                let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
                names.join(",") + "\r\n"
            }
        }
    }

    fn write(self, log: &LogItem, text: &mut String) -> Result<(), serde_json::Error> {
        match self {
            Self::Ndjson => {
                text.push_str(&serde_json::to_string(log)?);
                text.push('\n');
            }
            Self::Csv => {
                let log = serde_json::to_value(log)?;
                let cells = COLUMNS.map(|(_, at)| cell(log.pointer(at).unwrap_or(&Value::Null)));
                text.push_str(&cells.join(","));
                text.push_str("\r\n");
            }
        }
        Ok(())
    }
}

/// A value as a cell of a table.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let before = if formula { "'" } else { "" };
            if formula || text.contains(['"', ',', '\r', '\n']) {
                format!("\"{before}{}\"", text.replace('"', "\"\""))
            } else {
                text.clone()
            }
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => {
            format!("\"{}\"", value.to_string().replace('"', "\"\""))
        }
    }
}

/// How far an export is.
struct Progress {
    /// What was read and not yet sent.
    text: Bytes,
    next: Next,
}

enum Next {
    Page(Option<Cursor>),
    Nothing,
}

/// The logs as a body, which has its place among the exports until it is sent, or
/// has taken too long. Whoever takes next to nothing is cut off before: see
/// [`crate::stalling`].
pub(super) fn stream(logs: Logs, format: ExportFormat, place: OwnedSemaphorePermit) -> Body {
    let end = Instant::now() + LONGEST;
    let logs = Arc::new(logs);
    let begin = Progress {
        text: format.head().into(),
        next: Next::Page(None),
    };
    let pieces = try_unfold(begin, move |mut progress| {
        let logs = Arc::clone(&logs);
        let _place = &place;
        async move {
            while progress.text.is_empty() {
                let Next::Page(cursor) = progress.next else {
                    return Ok(None);
                };
                // Pages may be empty for long, and so may be the wait for a turn.
                progress = timeout_at(end, read(&logs, format, cursor))
                    .await
                    .unwrap_or_else(|_| Err(broken("it took more than an hour".into())))?;
            }
            if Instant::now() >= end {
                return Err(broken("it took more than an hour".into()));
            }
            let piece = progress.text.len().min(PIECE);
            Ok(Some((progress.text.split_to(piece), progress)))
        }
    });
    Body::from_stream(pieces)
}

/// A page of them, written.
async fn read(
    logs: &Logs,
    format: ExportFormat,
    cursor: Option<Cursor>,
) -> Result<Progress, BoxError> {
    let page = PageRequest {
        limit: PAGE,
        cursor,
    };
    let page = logs
        .patient_page(page)
        .await
        .map_err(|problem| broken(problem.detail.into()))?;
    let mut text = String::new();
    for log in &page.items {
        format
            .write(log, &mut text)
            .map_err(|error| broken(error.into()))?;
    }
    let next = page.next_cursor;
    Ok(Progress {
        text: text.into(),
        next: next.map_or(Next::Nothing, |cursor| Next::Page(Some(cursor))),
    })
}

/// The client only sees that the connection broke.
fn broken(error: BoxError) -> BoxError {
    tracing::error!(%error, "an export of logs broke off");
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_is_what_a_spreadsheet_reads() {
        for (value, written) in [
            (json!(null), ""),
            (json!(-3), "-3"),
            (json!(true), "true"),
            (json!("graded"), "graded"),
            (json!("a, \"b\"\n"), "\"a, \"\"b\"\"\n\""),
            (json!("=1+1"), "\"'=1+1\""),
            (json!("@x"), "\"'@x\""),
            (json!({"a": "b"}), "\"{\"\"a\"\":\"\"b\"\"}\""),
        ] {
            assert_eq!(cell(&value), written);
        }
    }
}
