//! How long a guest was in host calls. REQ-WASM-3

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wasmtime::CallHook;

/// The time that a call spent in host calls, waiting included. A host call that
/// calls back into the guest (to allocate room for its answer) does not count
/// while it does. Clones measure the same call.
#[derive(Debug, Clone)]
pub(super) struct HostTime(Arc<Spent>);

/// Written by whoever has the guest's store, thus by one at a time: the order of
/// memory is the executor's business. A lock would cost as much as the clock.
#[derive(Debug)]
struct Spent {
    began: Instant,
    /// Host calls under way: more than one where the host called back.
    depth: AtomicU32,
    /// Nanoseconds from `began` to the host call under way; 0: there is none.
    since: AtomicU64,
    /// Nanoseconds.
    total: AtomicU64,
}

impl Default for HostTime {
    fn default() -> Self {
        Self(Arc::new(Spent {
            began: Instant::now(),
            depth: AtomicU32::new(0),
            since: AtomicU64::new(0),
            total: AtomicU64::new(0),
        }))
    }
}

impl HostTime {
    /// The guest's thread goes from one side to the other.
    pub(super) fn crosses(&self, hook: CallHook) {
        let spent = &*self.0;
        let depth = spent.depth.load(Ordering::Relaxed);
        match hook {
            CallHook::CallingHost => {
                spent.depth.store(depth + 1, Ordering::Relaxed);
                spent.begin();
            }
            CallHook::ReturningFromHost => {
                spent.pause();
                spent
                    .depth
                    .store(depth.saturating_sub(1), Ordering::Relaxed);
            }
            CallHook::CallingWasm => spent.pause(),
            CallHook::ReturningFromWasm if depth > 0 => spent.begin(),
            CallHook::ReturningFromWasm => {}
        }
    }

    /// What was spent so far; the host call under way included.
    pub(super) fn total(&self) -> Duration {
        let spent = &*self.0;
        let under_way = match spent.since.load(Ordering::Relaxed) {
            0 => 0,
            since => spent.now().saturating_sub(since),
        };
        Duration::from_nanos(spent.total.load(Ordering::Relaxed) + under_way)
    }
}

impl Spent {
    /// Never 0, and never less than before.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    fn begin(&self) {
        self.since.store(self.now(), Ordering::Relaxed);
    }

    fn pause(&self) {
        let since = self.since.load(Ordering::Relaxed);
        if since != 0 {
            let total = self.total.load(Ordering::Relaxed) + self.now().saturating_sub(since);
            self.total.store(total, Ordering::Relaxed);
            self.since.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(50);

    #[test]
    fn only_what_lies_between_call_and_return_counts() {
        let time = HostTime::default();
        time.crosses(CallHook::CallingWasm);
        std::thread::sleep(STEP);
        time.crosses(CallHook::CallingHost);
        time.crosses(CallHook::CallingWasm);
        std::thread::sleep(STEP);
        time.crosses(CallHook::ReturningFromWasm);
        time.crosses(CallHook::ReturningFromHost);
        assert!(time.total() < STEP);
        time.crosses(CallHook::CallingHost);
        std::thread::sleep(STEP);
        assert!(time.total() >= STEP);
        time.crosses(CallHook::ReturningFromHost);
        let total = time.total();
        time.crosses(CallHook::ReturningFromWasm);
        std::thread::sleep(STEP);
        assert_eq!(time.total(), total);
    }
}
