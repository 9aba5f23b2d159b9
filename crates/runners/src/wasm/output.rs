//! What a guest prints: bounded, without secrets, and never a reason to end it.

use super::bounds::cut;
use crate::kept::Kept;
use crate::secrets::Redactor;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// What a guest may write at once.
const PERMIT_BYTES: usize = 64 << 10;

/// One output of a guest. Clones write to the same one.
#[derive(Debug, Clone)]
pub(super) struct Output {
    kept: Arc<Mutex<Kept>>,
    redactor: Redactor,
}

impl Output {
    pub(super) fn new(limit_bytes: usize, redactor: Redactor) -> Self {
        Self {
            kept: Arc::new(Mutex::new(Kept::new(limit_bytes))),
            redactor,
        }
    }

    /// Another one, for the same secrets.
    pub(super) fn beside(&self, limit_bytes: usize) -> Self {
        Self::new(limit_bytes, self.redactor.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A text that may be kept: without secrets, then cut to this many bytes.
    pub(super) fn bounded(&self, text: String, bytes: usize) -> String {
        cut(self.redactor.redact(text), bytes)
    }

    /// Adds a line of the host's, cut to this many bytes.
    pub(super) fn write_line(&self, label: &str, line: String, bytes: usize) {
        let line = format!("[{label}] {}\n", self.bounded(line, bytes));
        self.lock().push(line.as_bytes());
    }

    pub(super) fn write_text(&self, text: &str) {
        self.lock().push(text.as_bytes());
    }

    /// Takes what was printed so far, and keeps at most `limit_bytes` of what
    /// comes.
    pub(super) fn drain(&self, limit_bytes: usize) -> String {
        std::mem::replace(&mut *self.lock(), Kept::new(limit_bytes)).into_text()
    }

    /// Takes what was printed so far.
    pub(super) fn take(&self) -> Kept {
        let kept = std::mem::replace(&mut *self.lock(), Kept::new(0));
        kept.redacted(&self.redactor)
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.lock().push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.lock().push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
