//! `wasi:http` for guests: to the hosts that the hook grants, through the
//! server's own egress. REQ-WASM-1, REQ-WASM-2
//!
//! Each request is judged by the URL that is really connected to, as the client
//! reads it, and by nothing that the guest says beside it. A redirect is an
//! answer like any other: what the guest makes of it is judged again. All of it
//! belongs to the call's store, and goes when that goes.

mod admit;
mod exchange;
mod sent_secret;

pub(super) use sent_secret::SentSecret;

use super::output::Output;
use super::traffic::Traffic;
use crate::Egress;
use stagehook_core::config::HostPattern;
use std::sync::Arc;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks,
};

/// Longest line about a refused request, in bytes.
const LINE_BYTES: usize = 512;
/// Headers that belong to a connection or to us, beside those that the engine
/// refuses of its own.
const OURS: [&str; 4] = ["expect", "te", "trailer", "http2-settings"];

/// What a call may do over HTTP: by default nothing.
pub(super) struct Http {
    /// The way out; none: this server has none for plugins.
    pub(super) egress: Option<Egress>,
    pub(super) hosts: Vec<HostPattern>,
    pub(super) secrets: Vec<SentSecret>,
    pub(super) log: Output,
    traffic: Arc<Traffic>,
}

impl Http {
    pub(super) fn new(log: Output, traffic: Arc<Traffic>) -> Self {
        Self {
            egress: None,
            hosts: Vec::new(),
            secrets: Vec::new(),
            log,
            traffic,
        }
    }
}

/// Tells the person who reads the log what the guest can only be told by a code.
fn note(log: &Output, line: String) {
    log.write_line("http", line, LINE_BYTES);
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sending = Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send>;

impl WasiHttpHooks for Http {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name| DEFAULT_FORBIDDEN_HEADERS.contains(name) || OURS.contains(&name.as_str()))
    }

    /// The client does, from the URL that it connects to.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sending {
        let admitted = self.admit(request);
        let log = self.log.clone();
        let traffic = Arc::clone(&self.traffic);
        Box::new(async move {
            let answer = match admitted {
                Ok(admitted) => exchange::exchange(admitted, options, traffic, &log).await,
                Err(error) => Err(error),
            };
            Ok((answer?, Box::new(std::future::ready(Ok(()))) as Io))
        })
    }
}
