//! What is sent. REQ-EVT-5

use super::failure::Failure;
use crate::secrets::Redactor;
use crate::{Invocation, KnownSecrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat, Utc};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Request;
use serde::Serialize;
use serde_json::Value;
use stagehook_core::config::{Auth, Method, WebhookConfig};
use stagehook_core::contract::{HookInput, TriggerRef};
use stagehook_core::ids::EventId;
use stagehook_core::webhook_signature::Key;

/// The body of an event. A stage's body is the hook's input.
#[derive(Debug, Serialize)]
struct EventBody<'a> {
    event_name: &'a str,
    version: u32,
    timestamp: String,
    data: &'a Value,
    id: EventId,
}

/// The request of one attempt.
pub(super) fn prepare(
    config: &WebhookConfig,
    invocation: &Invocation<'_>,
    secrets: &KnownSecrets,
    now: DateTime<Utc>,
) -> Result<Request, Failure> {
    let input = invocation.input;
    let body = body(input, invocation.input_json, now)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        set(&mut headers, name, value)?;
    }
    if let Some(auth) = &config.auth {
        authorize(&mut headers, auth, secrets)?;
    }
    // After the config's: nothing there can take the place of these.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    set(
        &mut headers,
        "x-stagehook-execution-id",
        &input.execution_id.to_string(),
    )?;
    let id = match &input.trigger {
        TriggerRef::Stage { hook_point } => {
            set(&mut headers, "x-stagehook-hook-point", hook_point.as_str())?;
            input.execution_id.to_string()
        }
        // The same in every attempt, so that a receiver can tell a repetition.
        TriggerRef::Event { event, event_id } => {
            set(&mut headers, "x-stagehook-event", event)?;
            event_id.to_string()
        }
    };
    let timestamp = now.timestamp();
    set(&mut headers, "webhook-id", &id)?;
    set(&mut headers, "webhook-timestamp", &timestamp.to_string())?;
    if let Some(name) = &config.secret {
        let value = secrets.get(name)?;
        let key = Key::of_secret(value)
            .map_err(|error| Failure::refused(format!("the secret {name} {error}")))?;
        set(
            &mut headers,
            "x-stagehook-signature",
            &key.sign(body.as_bytes()),
        )?;
        let mut signatures = key.sign_message(&id, timestamp, body.as_bytes());
        // While a secret is replaced, receivers check with either value. One that
        // was no key signed nothing before, either.
        let previous = secrets.previous(name, now).map(Key::of_secret);
        if let Some(Ok(previous)) = previous {
            signatures.push(' ');
            signatures += &previous.sign_message(&id, timestamp, body.as_bytes());
        }
        set(&mut headers, "webhook-signature", &signatures)?;
    }
    let method = match config.method {
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
    };
    let mut request = Request::new(method, config.url.clone());
    *request.headers_mut() = headers;
    *request.body_mut() = Some(body.into());
    Ok(request)
}

/// Takes out every secret, and the forms of it that only a request has.
pub(super) fn redactor(secrets: &KnownSecrets, config: &WebhookConfig) -> Redactor {
    let credentials = match &config.auth {
        Some(Auth::Basic { username, secret }) => secrets
            .get(secret)
            .ok()
            .map(|password| basic_credentials(username, password)),
        _ => None,
    };
    Redactor::new(secrets.values().chain(credentials.as_deref()))
}

fn body(input: &HookInput, input_json: &str, now: DateTime<Utc>) -> Result<String, Failure> {
    let TriggerRef::Event { event, event_id } = &input.trigger else {
        return Ok(input_json.to_owned());
    };
    let happened = happened_at(*event_id).unwrap_or(now);
    let body = EventBody {
        event_name: event,
        version: 1,
        timestamp: happened.to_rfc3339_opts(SecondsFormat::Millis, true),
        data: input.data.as_ref().unwrap_or(&Value::Null),
        id: *event_id,
    };
    serde_json::to_string(&body)
        .map_err(|_| Failure::refused("the event's data cannot be written as JSON"))
}

/// When an event happened: its id (UUID version 7) holds the millisecond, so
/// that every attempt says the same.
fn happened_at(id: EventId) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.get().get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

fn authorize(headers: &mut HeaderMap, auth: &Auth, secrets: &KnownSecrets) -> Result<(), Failure> {
    let secret = secrets.get(auth.secret())?;
    let (name, value) = match auth {
        Auth::Bearer { .. } => (AUTHORIZATION, format!("Bearer {secret}")),
        Auth::Basic { username, .. } => (
            AUTHORIZATION,
            format!("Basic {}", basic_credentials(username, secret)),
        ),
        Auth::Header { name, .. } => (header_name(name)?, secret.to_owned()),
    };
    let mut value = HeaderValue::from_str(&value).map_err(|_| {
        Failure::refused(format!(
            "the secret {} holds characters that no header may hold",
            auth.secret()
        ))
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn basic_credentials(username: &str, password: &str) -> String {
    BASE64.encode(format!("{username}:{password}"))
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Failure> {
    let value = HeaderValue::from_str(value)
        .map_err(|_| Failure::refused(format!("the header {name} has no valid value")))?;
    headers.insert(header_name(name)?, value);
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, Failure> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Failure::refused(format!("{name:?} is no name of a header")))
}
