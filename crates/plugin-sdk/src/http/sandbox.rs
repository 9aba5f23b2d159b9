//! Over `wasi:http`.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, HeaderError, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

use super::{Error, Request, Response};

/// Most bytes that one write to a stream takes.
const WRITE_BYTES: usize = 4_096;
const READ_BYTES: u64 = 64 << 10;

pub(super) fn send(request: &Request) -> Result<Response, Error> {
    let outgoing = outgoing(request)?;
    let body = outgoing
        .body()
        .map_err(|()| request.invalid("its body was taken already"))?;
    let response = outgoing_handler::handle(outgoing, options(request))
        .map_err(|code| failed(request, &code))?;
    // A host that does not take the body says why in the response.
    let is_written = write(&body, request.body_bytes());
    if is_written {
        let _ = OutgoingBody::finish(body, None);
    } else {
        drop(body);
    }
    let response = wait(request, &response)?;
    receive(request, &response)
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, Error> {
    let (scheme, rest) = request
        .url()
        .split_once("://")
        .ok_or_else(|| request.invalid("its URL must begin with https:// or http://"))?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        other => return Err(request.invalid(format!("`{other}` is no scheme of HTTP"))),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let outgoing = OutgoingRequest::new(fields(request)?);
    let is_set = outgoing
        .set_method(&method(request.method()))
        .map_err(|()| "its method is none of HTTP")
        .and_then(|()| {
            outgoing
                .set_scheme(Some(&scheme))
                .map_err(|()| "its scheme is none of HTTP")
        })
        .and_then(|()| {
            outgoing
                .set_authority(Some(authority))
                .map_err(|()| "its URL names no host")
        })
        .and_then(|()| {
            outgoing
                .set_path_with_query(Some(&path))
                .map_err(|()| "the path or query of its URL is not valid")
        });
    is_set.map_err(|what| request.invalid(what))?;
    Ok(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn fields(request: &Request) -> Result<Fields, Error> {
    let fields = Fields::new();
    let mut has_length = false;
    for (name, value) in request.headers() {
        has_length |= name.eq_ignore_ascii_case("content-length");
        append(request, &fields, name, value)?;
    }
    let length = request.body_bytes().len();
    if length > 0 && !has_length {
        append(request, &fields, "content-length", &length.to_string())?;
    }
    Ok(fields)
}

/// Values are not told: they may be secret.
fn append(request: &Request, fields: &Fields, name: &str, value: &str) -> Result<(), Error> {
    fields
        .append(name, value.as_bytes())
        .map_err(|error| match error {
            HeaderError::Forbidden => {
                request.invalid(format!("the header `{name}` is up to the host alone"))
            }
            HeaderError::InvalidSyntax | HeaderError::Immutable => {
                request.invalid(format!("the header `{name}` is not valid"))
            }
        })
}

fn options(request: &Request) -> Option<RequestOptions> {
    let nanoseconds = u64::try_from(request.timeout?.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    // A host that knows none of these has the call's own deadline.
    let _ = options.set_connect_timeout(Some(nanoseconds));
    let _ = options.set_first_byte_timeout(Some(nanoseconds));
    let _ = options.set_between_bytes_timeout(Some(nanoseconds));
    Some(options)
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return true;
    }
    let Ok(stream) = body.write() else {
        return false;
    };
    bytes
        .chunks(WRITE_BYTES)
        .all(|chunk| stream.blocking_write_and_flush(chunk).is_ok())
}

fn wait(request: &Request, response: &FutureIncomingResponse) -> Result<IncomingResponse, Error> {
    response.subscribe().block();
    match response.get() {
        Some(Ok(Ok(response))) => Ok(response),
        Some(Ok(Err(code))) => Err(failed(request, &code)),
        None | Some(Err(())) => Err(broken(request, "the host has no answer")),
    }
}

fn receive(request: &Request, response: &IncomingResponse) -> Result<Response, Error> {
    let mut received = Response::new(response.status());
    for (name, value) in response.headers().entries() {
        received = received.with_header(name, String::from_utf8_lossy(&value));
    }
    let body = response
        .consume()
        .map_err(|()| broken(request, "its body was taken already"))?;
    Ok(received.with_body(read(request, &body)?))
}

fn read(request: &Request, body: &IncomingBody) -> Result<Vec<u8>, Error> {
    let stream = body
        .stream()
        .map_err(|()| broken(request, "its body was taken already"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(part) => bytes.extend(part),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(match http_error_code(&error) {
                    Some(code) => failed(request, &code),
                    None => broken(request, error.to_debug_string()),
                });
            }
        }
        if bytes.len() > request.max_response_bytes {
            return Err(Error::TooLarge {
                target: request.target(),
                max_bytes: request.max_response_bytes,
            });
        }
    }
}

fn broken(request: &Request, detail: impl Into<String>) -> Error {
    Error::Failed {
        target: request.target(),
        detail: detail.into(),
        retryable: true,
    }
}

fn failed(request: &Request, code: &ErrorCode) -> Error {
    let retryable = matches!(
        code,
        ErrorCode::DnsTimeout
            | ErrorCode::DnsError(_)
            | ErrorCode::DestinationUnavailable
            | ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionTerminated
            | ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::ConnectionLimitReached
            | ErrorCode::HttpResponseIncomplete
            | ErrorCode::HttpResponseTimeout
            | ErrorCode::InternalError(_)
    );
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => {
            Error::Denied(request.target())
        }
        code => Error::Failed {
            target: request.target(),
            detail: code.to_string(),
            retryable,
        },
    }
}
