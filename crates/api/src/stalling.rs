//! Ends connections whose clients take no bytes any more: an answer that waits
//! for ever keeps its memory, and its place, as long. What a connection becomes
//! after an upgrade (a WebSocket) goes on within these bounds.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};

/// A connection that is given up when nothing at all could be written for a
/// while. Reading has bounds of its own.
#[derive(Debug)]
pub(crate) struct Stalling<S> {
    inner: S,
    patience: Duration,
    /// Since when nothing could be written.
    standing: Option<Pin<Box<Sleep>>>,
    /// Its place among all connections, given back with it.
    _place: Option<OwnedSemaphorePermit>,
}

impl<S: AsyncWrite + Unpin> Stalling<S> {
    pub(crate) const fn new(inner: S, patience: Duration) -> Self {
        Self {
            inner,
            patience,
            standing: None,
            _place: None,
        }
    }

    /// Has this place as long as it is open, whatever speaks over it.
    pub(crate) fn in_place(self, place: OwnedSemaphorePermit) -> Self {
        Self {
            _place: Some(place),
            ..self
        }
    }

    fn within<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Poll<Result<T>> {
        let written = write(Pin::new(&mut self.inner), context);
        if written.is_ready() {
            self.standing = None;
            return written;
        }
        let patience = self.patience;
        let standing = self
            .standing
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(standing.as_mut().poll(context));
        let detail = "the client takes no bytes any more";
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, detail)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalling<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.within(context, |inner, context| inner.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.within(context, |inner, context| {
            inner.poll_write_vectored(context, bytes)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.within(context, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.within(context, AsyncWrite::poll_shutdown)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalling<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (ours, mut theirs) = duplex(8);
        let mut ours = Stalling::new(ours, Duration::from_millis(30));
        ours.write_all(b"12345678").await.unwrap();
        let stalled = ours.write_all(b"9").await.unwrap_err();
        assert_eq!(stalled.kind(), ErrorKind::TimedOut);
        // It was there to be taken.
        let mut taken = [0; 8];
        theirs.read_exact(&mut taken).await.unwrap();
        assert_eq!(&taken, b"12345678");
    }
}
