//! How guests that compute make room for others.

use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Guests that compute for longer than a tick go on in turns: after each look
/// at sockets and timers, as many of them as there are processors.
///
/// A worker of the async runtime looks there when it has nothing else to do, or
/// once in some sixty tasks; were each of these a guest's whole tick, a request
/// would wait for all of them.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Turns {
    pub(super) fn new() -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// A guest's next turn, in the order in which it was asked for.
    pub(super) fn next(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let turns = Arc::clone(&self.0);
        Box::pin(async move {
            // Held for the look alone, never while the guest computes or waits
            // for the host: what it does there holds up nobody's turn.
            let _turn = turns.acquire().await;
            // Tokio comes back to this after it has looked at sockets and timers.
            yield_now().await;
        })
    }
}
