//! Ends connections whose clients take next to no bytes any more: an answer that
//! waits for ever keeps its memory, and its place, as long. What a connection
//! becomes after an upgrade (a WebSocket) goes on within these bounds.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};

/// Bytes that a client has to take while something waits for it, each time it is
/// waited for; less only where no more is waiting.
const LEAST: usize = 256 << 10;

/// A connection that is given up when too little could be written for a while.
/// Reading has bounds of its own.
#[derive(Debug)]
pub(crate) struct Stalling<S> {
    inner: S,
    patience: Duration,
    /// Since something waits to be written.
    standing: Option<Standing>,
    /// Its place among all connections, given back with it.
    _place: Option<OwnedSemaphorePermit>,
}

/// What a client has to do to be waited for.
#[derive(Debug)]
struct Standing {
    end: Pin<Box<Sleep>>,
    /// Bytes that it has to take until then.
    least: usize,
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

    /// Writes some of what there is.
    fn some(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        let Poll::Ready(written) = write(Pin::new(&mut self.inner), context) else {
            return self.stand(context);
        };
        if let (Some(standing), Ok(taken)) = (&mut self.standing, &written) {
            standing.least = standing.least.saturating_sub(*taken);
            if standing.least == 0 {
                self.standing = None;
            }
        }
        Poll::Ready(written)
    }

    /// Writes the rest: once this is done, nothing waits any more.
    fn rest(
        &mut self,
        context: &mut Context<'_>,
        finish: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<Result<()>>,
    ) -> Poll<Result<()>> {
        let Poll::Ready(finished) = finish(Pin::new(&mut self.inner), context) else {
            return self.stand(context);
        };
        self.standing = None;
        Poll::Ready(finished)
    }

    /// Waits for the client, not for ever.
    fn stand<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T>> {
        let patience = self.patience;
        let standing = self.standing.get_or_insert_with(|| Standing {
            end: Box::pin(sleep(patience)),
            least: LEAST,
        });
        ready!(standing.end.as_mut().poll(context));
        let detail = "the client takes next to no bytes any more";
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, detail)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalling<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.some(context, |inner, context| inner.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.some(context, |inner, context| {
            inner.poll_write_vectored(context, bytes)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.rest(context, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.rest(context, AsyncWrite::poll_shutdown)
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
    use futures_util::FutureExt as _;
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

    /// A byte at a time is no way to keep a place.
    #[tokio::test]
    async fn a_client_that_takes_next_to_nothing_is_given_up() {
        let (ours, mut theirs) = duplex(8);
        let mut ours = Stalling::new(ours, Duration::from_millis(50));
        let written = tokio::spawn(async move { ours.write_all(&vec![7; LEAST]).await });
        while !written.is_finished() {
            // Fewer than LEAST in all, however long this takes.
            let _ = theirs.read(&mut [0; 1]).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let stalled = written.await.unwrap().unwrap_err();
        assert_eq!(stalled.kind(), ErrorKind::TimedOut);
    }

    /// Whoever takes enough is waited for anew, and so is who has taken all there
    /// was.
    #[tokio::test]
    async fn a_client_that_takes_enough_is_waited_for_again() {
        let (ours, mut theirs) = duplex(LEAST);
        let mut ours = Stalling::new(ours, Duration::from_mins(10));
        let standing = |ours: &Stalling<_>| ours.standing.as_ref().map(|standing| standing.least);
        let full = vec![7; LEAST];
        ours.write_all(&full).await.unwrap();
        assert_eq!(standing(&ours), None);
        for (taken, waits) in [(1, Some(LEAST - 1)), (LEAST - 1, None)] {
            assert!(ours.write(&full).now_or_never().is_none());
            theirs.read_exact(&mut vec![0; taken]).await.unwrap();
            assert_eq!(ours.write(&full).await.unwrap(), taken);
            assert_eq!(standing(&ours), waits);
        }
        assert!(ours.write(&full).now_or_never().is_none());
        assert_eq!(standing(&ours), Some(LEAST));
        ours.flush().await.unwrap();
        assert_eq!(standing(&ours), None);
    }
}
