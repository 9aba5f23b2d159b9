//! `wasi:http`, as it is.

use crate::Request;
use stagehook_plugin_sdk::{Value, json};
use std::collections::BTreeMap;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

/// Most that is answered of a body, in bytes.
const SHOWN: usize = 2_000;
const PIECE: usize = 4096;

/// Sends a request; the answer is waited for later.
pub(crate) fn send(request: &Request) -> Result<FutureIncomingResponse, String> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        headers
            .append(name, value.as_bytes())
            .map_err(|error| format!("header {name}: {error:?}"))?;
    }
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "CONNECT" => Method::Connect,
        other => Method::Other(other.to_owned()),
    };
    let scheme = match request.scheme.as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    outgoing
        .set_method(&method)
        .map_err(|()| "method refused")?;
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| "scheme refused")?;
    outgoing
        .set_authority(Some(&request.authority))
        .map_err(|()| "authority refused")?;
    outgoing
        .set_path_with_query(Some(&request.path))
        .map_err(|()| "path refused")?;
    let options = RequestOptions::new();
    let nanos = |ms: u64| ms * 1_000_000;
    options
        .set_first_byte_timeout(request.first_byte_ms.map(nanos))
        .map_err(|()| "timeout refused")?;
    options
        .set_between_bytes_timeout(request.between_bytes_ms.map(nanos))
        .map_err(|()| "timeout refused")?;
    let content = match (&request.body, request.body_bytes) {
        (Some(text), _) => Some(text.clone().into_bytes()),
        (None, Some(bytes)) => Some(vec![b'b'; bytes]),
        (None, None) => None,
    };
    let body = match content {
        Some(_) => Some(outgoing.body().map_err(|()| "body refused")?),
        None => None,
    };
    let answer = handle(outgoing, Some(options)).map_err(|code| name(&code))?;
    if let (Some(body), Some(content)) = (body, content) {
        // Where the host stops listening, the answer says why.
        let _ = write(body, &content);
    }
    Ok(answer)
}

fn write(body: OutgoingBody, content: &[u8]) -> Result<(), String> {
    {
        let stream = body.write().map_err(|()| "no stream")?;
        for piece in content.chunks(PIECE) {
            stream
                .blocking_write_and_flush(piece)
                .map_err(|error| error.to_string())?;
        }
    }
    OutgoingBody::finish(body, None).map_err(|code| name(&code))
}

/// Waits for the answer, and reads it to its end.
pub(crate) fn answered(sent: Result<FutureIncomingResponse, String>) -> Value {
    let read = sent.and_then(|future| {
        future.subscribe().block();
        match future.get() {
            Some(Ok(Ok(response))) => read(&response),
            Some(Ok(Err(code))) => Err(name(&code)),
            _ => Err("no answer".to_owned()),
        }
    });
    read.unwrap_or_else(|error| json!({"error": error}))
}

fn read(response: &IncomingResponse) -> Result<Value, String> {
    let headers: BTreeMap<String, String> = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let body = response.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut shown = Vec::new();
    let mut length = 0;
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(bytes) => {
                length += bytes.len();
                let room = SHOWN.saturating_sub(shown.len()).min(bytes.len());
                shown.extend_from_slice(&bytes[..room]);
            }
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                let code = wasip2::http::types::http_error_code(&error);
                return Err(code.map_or_else(|| error.to_debug_string(), |code| name(&code)));
            }
        }
    }
    Ok(json!({
        "status": response.status(),
        "headers": headers,
        "body": String::from_utf8_lossy(&shown),
        "length": length,
    }))
}

/// The code's name, without what it carries.
fn name(code: &ErrorCode) -> String {
    let text = format!("{code:?}");
    text.trim_start_matches("ErrorCode::")
        .split(['(', ' ', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}
