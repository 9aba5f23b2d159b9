//! One request and its answer, as they go over the wire.

use super::admit::Admitted;
use super::note;
use crate::egress::Fault;
use crate::wasm::output::Output;
use crate::wasm::traffic::{Open, Traffic};
use bytes::Bytes;
use futures_util::{TryStream, stream};
use http::Response;
use http_body_util::{BodyExt as _, StreamBody};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

/// Where the guest names no time, the deadline of its run alone counts.
const UNBOUNDED: Duration = Duration::from_hours(24);

/// Sends a request; answers when the head of the answer is there.
pub(super) async fn exchange(
    admitted: Admitted,
    options: Option<RequestOptions>,
    traffic: Arc<Traffic>,
    log: &Output,
) -> Result<Response<WasiBody>, Error> {
    let Admitted {
        egress,
        mut request,
        body,
        open,
    } = admitted;
    let options = options.unwrap_or_default();
    // Connecting cannot be told from waiting here, so both have what both may
    // take.
    let to_head = options
        .first_byte_timeout
        .map(|first_byte| first_byte + options.connect_timeout.unwrap_or_default());
    if !http_body::Body::is_end_stream(&body) {
        let sent = sent(body, Arc::clone(&traffic));
        *request.body_mut() = Some(reqwest::Body::wrap_stream(sent));
    }
    let response = timeout(to_head.unwrap_or(UNBOUNDED), egress.send(request))
        .await
        .map_err(|_| Error::ConnectionReadTimeout)?
        .map_err(|error| told(&error, &traffic, log))?;
    let (parts, body) = Response::from(response).into_parts();
    let between = options.between_bytes_timeout.unwrap_or(UNBOUNDED);
    let mut answer = Response::new(received(body, between, traffic, open));
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    Ok(answer)
}

/// What the guest is told of a request without an answer.
fn told(error: &reqwest::Error, traffic: &Traffic, log: &Output) -> Error {
    if let Some(breach) = traffic.breach() {
        note(log, format!("request ended: {breach}"));
        return Error::HttpRequestBodySize(Some(traffic.bytes_sent()));
    }
    match Fault::of(error) {
        Fault::Forbidden(forbidden) => {
            note(log, format!("request denied: {forbidden}"));
            Error::DestinationIpProhibited
        }
        Fault::UnknownName(_) => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        Fault::Tls(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        Fault::Tls(_) => Error::TlsProtocolError,
        Fault::Connecting(Some(io)) if io.kind() == io::ErrorKind::ConnectionRefused => {
            Error::ConnectionRefused
        }
        Fault::Connecting(_) => Error::DestinationUnavailable,
        Fault::Talking(Some(_)) => Error::ConnectionTerminated,
        Fault::Talking(None) => Error::HttpProtocolError,
    }
}

/// The request's body on its way out. Trailers are dropped.
fn sent(
    body: WasiBody,
    traffic: Arc<Traffic>,
) -> impl TryStream<Ok = Bytes, Error = io::Error> + Send + 'static {
    stream::try_unfold((body, traffic), |(mut body, traffic)| async move {
        loop {
            let frame = match body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => frame,
                Some(Err(_)) => return Err(io::Error::other("the request was not finished")),
            };
            if let Ok(bytes) = frame.into_data() {
                traffic
                    .send(bytes.len())
                    .map_err(|breach| io::Error::other(breach.to_string()))?;
                return Ok(Some((bytes, (body, traffic))));
            }
        }
    })
}

/// The answer's body on its way in, as it came: nothing is decompressed.
/// Trailers are dropped.
fn received(body: reqwest::Body, between: Duration, traffic: Arc<Traffic>, open: Open) -> WasiBody {
    let state = (body, traffic, open);
    let frames = stream::try_unfold(state, move |(mut body, traffic, open)| async move {
        loop {
            let next = timeout(between, body.frame())
                .await
                .map_err(|_| Error::ConnectionReadTimeout)?;
            let frame = match next {
                None => return Ok(None),
                Some(Ok(frame)) => frame,
                Some(Err(_)) => return Err(Error::HttpResponseIncomplete),
            };
            // An empty piece would be taken for the end.
            if let Ok(bytes) = frame.into_data()
                && !bytes.is_empty()
            {
                traffic
                    .receive(bytes.len())
                    .map_err(|_| Error::HttpResponseBodySize(Some(traffic.bytes_received())))?;
                let frame = http_body::Frame::data(bytes);
                return Ok(Some((frame, (body, traffic, open))));
            }
        }
    });
    StreamBody::new(frames).boxed_unsync()
}
