//! How long a guest waited for the host. REQ-WASM-3

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Says that a guest that now lets go of its thread does so only to make room
/// for others, and not to wait for the host.
#[derive(Debug, Clone, Default)]
pub(super) struct MakesRoom(Arc<AtomicBool>);

impl MakesRoom {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// The time that a call spent in host calls that wait: files, clocks, polls.
/// Host calls that do not wait take less time than it takes to measure them.
#[derive(Debug, Default)]
pub(super) struct HostTime {
    makes_room: MakesRoom,
    waiting_since: Option<Instant>,
    total: Duration,
}

impl HostTime {
    pub(super) fn makes_room(&self) -> MakesRoom {
        self.makes_room.clone()
    }

    pub(super) fn total(&self) -> Duration {
        let waiting = self.waiting_since.map(|since| since.elapsed());
        self.total + waiting.unwrap_or_default()
    }
}

/// A call whose time in host calls is measured.
pub(super) struct Measured<'a, F> {
    pub(super) call: Pin<&'a mut F>,
    pub(super) time: &'a mut HostTime,
}

impl<F: Future> Future for Measured<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if let Some(since) = this.time.waiting_since.take() {
            this.time.total += since.elapsed();
        }
        let polled = this.call.as_mut().poll(context);
        if polled.is_pending() && !this.time.makes_room.take() {
            this.time.waiting_since = Some(Instant::now());
        }
        polled
    }
}
