//! What the receiver answered, and what it means.

use crate::kept::Kept;
use crate::secrets::{Cut, Redactor};
use http::StatusCode;
use reqwest::Response;
use serde_json::Value;
use stagehook_core::contract::{HookResult, InvalidResult, RESULT_MAX_BYTES, TriggerRef};
use stagehook_core::execution::{Execution, Usage};
use stagehook_core::verdict::outcome;
use std::time::Duration;

/// An answer whose body was read, up to the cap.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    output_bytes: usize,
    /// Whether the receiver had more to say than is read.
    cut: bool,
    /// The connection ended before the body did.
    broken: bool,
    /// Its length, where the receiver told it.
    length: Option<u64>,
    /// Whether the receiver calls it JSON.
    is_json: bool,
    /// How the receiver encoded it, where it did although it was not asked to.
    encoding: Option<String>,
    /// How long the receiver wants to be left alone.
    retry_after: Option<Duration>,
}

impl Answer {
    /// Reads no more than a result may have; the connection of a longer answer
    /// is closed.
    pub(super) async fn read(
        mut response: Response,
        retry_after: Option<Duration>,
        output_bytes: usize,
    ) -> Self {
        let is_json = response
            .headers()
            .get(http::header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
        let encoding = response
            .headers()
            .get(http::header::CONTENT_ENCODING)
            .map(|encoding| String::from_utf8_lossy(encoding.as_bytes()).into_owned())
            .filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
        let mut answer = Self {
            encoding,
            retry_after,
            status: response.status(),
            body: Vec::new(),
            output_bytes,
            cut: false,
            broken: false,
            length: response.content_length(),
            is_json,
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = RESULT_MAX_BYTES - answer.body.len();
                    answer
                        .body
                        .extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        answer.cut = true;
                        break;
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    answer.broken = true;
                    break;
                }
            }
        }
        answer
    }

    pub(super) fn into_execution(self, trigger: &TriggerRef, redactor: &Redactor) -> Execution {
        let status = self.status;
        let waited_for = matches!(trigger, TriggerRef::Stage { .. });
        // To a stage, a redirect is no answer: whoever was to decide was not
        // asked. A delivery has arrived with any status below 400.
        let redirects = waited_for && status.is_redirection();
        let failed = redirects || status.as_u16() >= 400;
        let mut failure = failed.then(|| match status.canonical_reason() {
            Some(reason) => format!("answered {} {reason}", status.as_u16()),
            None => format!("answered {}", status.as_u16()),
        });
        if redirects && let Some(failure) = &mut failure {
            failure.push_str(": redirects are not followed, use the address it leads to");
        }
        if failure.is_none() && self.broken {
            failure = Some("the connection ended in the middle of the answer".to_owned());
        }
        let unread = match self.length {
            Some(length) => length.saturating_sub(self.body.len() as u64),
            None => u64::from(self.cut),
        };
        let result = self.result(redactor);
        let result = if waited_for {
            result
        } else {
            Ok(result.ok().flatten())
        };
        let cut = if self.cut { Cut::AtEnd } else { Cut::Nowhere };
        let (body, of_secrets) = redactor.piece(&self.body, cut);
        let mut kept = Kept::new(self.output_bytes);
        kept.push(&body);
        if self.cut {
            kept.drop_bytes(unread + of_secrets as u64);
        }
        let dropped = kept.dropped();
        let outcome = outcome(failure, result);
        Execution {
            status: outcome.status,
            stdout: kept.into_text(),
            stderr: String::new(),
            result: outcome.result,
            exit_code: None,
            error: outcome.error.map(|error| redactor.redact(error)),
            retryable: is_retryable(status) || (self.broken && !failed),
            retry_after: self.retry_after,
            duration: Duration::ZERO,
            usage: Usage {
                http_status: Some(status.as_u16()),
                stdout_dropped_bytes: dropped,
                ..Usage::default()
            },
            script: None,
        }
    }

    /// The result, if the body is meant as one. What calls itself JSON and
    /// cannot be read is no result either way: it may say `fail`.
    fn result(&self, redactor: &Redactor) -> Result<Option<HookResult>, InvalidResult> {
        if self.cut {
            // It cannot be known what it says, and it may say `fail`.
            return if self.is_json {
                Err(InvalidResult::TooLarge {
                    actual: self.length.unwrap_or(RESULT_MAX_BYTES as u64 + 1),
                })
            } else {
                Ok(None)
            };
        }
        if self.is_json
            && let Some(encoding) = &self.encoding
        {
            return Err(InvalidResult::Malformed(format!(
                "the answer is encoded as '{encoding}', which was not asked for and is not read"
            )));
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(mut body) if HookResult::is_meant_by(&body) => {
                // Redacted as it is read: a receiver may escape what it
                // repeats, so that the body as it is does not show it.
                redact_strings(&mut body, redactor);
                HookResult::parse(body.to_string().as_bytes()).map(Some)
            }
            Err(error) if self.is_json && !self.body.is_empty() => Err(InvalidResult::Malformed(
                format!("the answer calls itself JSON and is none: {error}"),
            )),
            _ => Ok(None),
        }
    }
}

/// Redacts every string of a JSON document, keys included. The document is
/// nested no deeper than `serde_json` reads.
fn redact_strings(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.redact(std::mem::take(text)),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| redact_strings(item, redactor)),
        Value::Object(object) => {
            *object = std::mem::take(object)
                .into_iter()
                .map(|(key, mut value)| {
                    redact_strings(&mut value, redactor);
                    (redactor.redact(key), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// REQ-EVT-6
fn is_retryable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}
