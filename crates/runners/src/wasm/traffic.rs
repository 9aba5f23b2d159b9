//! What a call moves in and out: counted, and bounded where it goes over HTTP;
//! and the first bound of these that it passed.
//! REQ-WASM-2, REQ-WASM-3

use super::bounds;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// The traffic of one call. Shared with the tasks that carry it.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    requests: AtomicU64,
    open: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    breach: OnceLock<Breach>,
}

/// A bound that was passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Breach {
    what: Cow<'static, str>,
    used: u64,
    allowed: u64,
}

impl Breach {
    pub(super) fn new(what: &'static str, used: u64, allowed: u64) -> Self {
        Self {
            what: what.into(),
            used,
            allowed,
        }
    }
}

impl std::error::Error for Breach {}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            used,
            allowed,
        } = self;
        write!(f, "{what}: {used}, where {allowed} are allowed")
    }
}

/// A request under way, until the last of its answer was read or dropped.
#[derive(Debug)]
pub(super) struct Open(Arc<Traffic>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Traffic {
    pub(super) fn read(&self, bytes: u64) {
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, bytes: u64) {
        self.bytes_written.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_written(&self) -> u64 {
        self.bytes_written.load(Ordering::Relaxed)
    }

    /// Requests that were asked for, those that were refused included.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_received(&self) -> u64 {
        self.bytes_received.load(Ordering::Relaxed)
    }

    /// The first bound that was passed.
    pub(super) fn breach(&self) -> Option<&Breach> {
        self.breach.get()
    }

    /// A bound was passed when this was recorded.
    pub(super) fn breached(&self, breach: Breach) {
        self.breach.get_or_init(|| breach);
    }

    /// Begins a request.
    pub(super) fn request(self: &Arc<Self>) -> Result<Open, Breach> {
        self.add(&self.requests, 1, "HTTP requests", bounds::HTTP_REQUESTS)?;
        let open = Open(Arc::clone(self));
        self.add(
            &self.open,
            1,
            "HTTP requests at the same time",
            bounds::HTTP_REQUESTS_AT_ONCE,
        )?;
        Ok(open)
    }

    /// Bytes of a request's body, before they are sent.
    pub(super) fn send(&self, bytes: usize) -> Result<(), Breach> {
        self.add(
            &self.bytes_sent,
            bytes as u64,
            "bytes sent over HTTP",
            bounds::HTTP_BYTES_SENT,
        )
    }

    /// Bytes of an answer's body, before the guest sees them.
    pub(super) fn receive(&self, bytes: usize) -> Result<(), Breach> {
        self.add(
            &self.bytes_received,
            bytes as u64,
            "bytes received over HTTP",
            bounds::HTTP_BYTES_RECEIVED,
        )
    }

    fn add(
        &self,
        counter: &AtomicU64,
        more: u64,
        what: &'static str,
        allowed: u64,
    ) -> Result<(), Breach> {
        let used = counter.fetch_add(more, Ordering::Relaxed) + more;
        if used <= allowed {
            return Ok(());
        }
        let breach = Breach::new(what, used, allowed);
        Err(self.breach.get_or_init(|| breach).clone())
    }
}
