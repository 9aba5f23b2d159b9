//! What a guest prints: bounded, and never a reason to end it.

use crate::kept::Kept;
use bytes::Bytes;
use std::fmt;
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
pub(super) struct Output(Arc<Mutex<Kept>>);

impl Output {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Kept::new(limit_bytes))))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write_line(&self, line: fmt::Arguments<'_>) {
        let mut line = line.to_string();
        line.push('\n');
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
        std::mem::replace(&mut *self.lock(), Kept::new(0))
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
