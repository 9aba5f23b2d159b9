//! How long a guest was in host calls. REQ-WASM-3

use std::time::{Duration, Instant};
use wasmtime::CallHook;

/// The time that a call spent in host calls, waiting included. A host call that
/// calls back into the guest (to allocate room for its answer) does not count
/// while it does.
#[derive(Debug, Default)]
pub(super) struct HostTime {
    /// Host calls under way: more than one where the host called back.
    depth: u32,
    /// Since when the host has been at work; none while the guest is.
    since: Option<Instant>,
    spent: Duration,
}

impl HostTime {
    /// The guest's thread goes from one side to the other.
    pub(super) fn crosses(&mut self, hook: CallHook) {
        match hook {
            CallHook::CallingHost => {
                self.depth += 1;
                self.since = Some(Instant::now());
            }
            CallHook::ReturningFromHost => {
                self.pause();
                self.depth = self.depth.saturating_sub(1);
            }
            CallHook::CallingWasm => self.pause(),
            CallHook::ReturningFromWasm if self.depth > 0 => self.since = Some(Instant::now()),
            CallHook::ReturningFromWasm => {}
        }
    }

    /// What was spent so far; the host call under way included.
    pub(super) fn total(&self) -> Duration {
        let under_way = self.since.map(|since| since.elapsed());
        self.spent + under_way.unwrap_or_default()
    }

    fn pause(&mut self) {
        if let Some(since) = self.since.take() {
            self.spent += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(50);

    #[test]
    fn only_what_lies_between_call_and_return_counts() {
        let mut time = HostTime::default();
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
