//! What was done to make plugins ready.

use std::sync::atomic::{AtomicU64, Ordering};

/// What was done to make plugins ready, since the start, and what is ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PluginCounts {
    /// Components that were compiled.
    pub compiled: u64,
    /// Components whose compiled code came from the disk.
    pub loaded_from_cache: u64,
    /// Components that had to be compiled although there is a cache on disk.
    pub missed_in_cache: u64,
    /// Files of the disk cache that were not what this server kept.
    pub rejected_from_cache: u64,
    /// Plugins in memory, ready to run, now.
    pub ready: u64,
    /// Their code, in bytes.
    pub ready_bytes: u64,
    /// Calls that are at work now.
    pub running: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) compiled: Counter,
    pub(super) loaded_from_cache: Counter,
    pub(super) missed_in_cache: Counter,
    pub(super) rejected_from_cache: Counter,
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
