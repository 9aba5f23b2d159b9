//! Plugins that are ready to run, by digest.

use super::prepared::PreparedPlugin;
use stagehook_core::digest::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// A place for one plugin. Whoever comes first fills it; others wait.
pub(super) type Place = Arc<OnceCell<PreparedPlugin>>;

#[derive(Debug)]
struct Entry {
    place: Place,
    last_used: u64,
    /// Of its code; 0 until it is filled.
    bytes: u64,
}

#[derive(Debug, Default)]
struct Entries {
    by_digest: HashMap<Digest, Entry>,
    uses: u64,
    bytes: u64,
}

/// The plugins that were used last.
#[derive(Debug)]
pub(super) struct Cache {
    entries: Mutex<Entries>,
    capacity: usize,
    max_bytes: u64,
}

impl Cache {
    pub(super) fn new(capacity: usize, max_bytes: u64) -> Self {
        Self {
            entries: Mutex::default(),
            capacity: capacity.max(1),
            max_bytes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plugin, if it is ready.
    pub(super) fn get(&self, digest: &Digest) -> Option<PreparedPlugin> {
        let mut entries = self.lock();
        let now = entries.tick();
        let entry = entries.by_digest.get_mut(digest)?;
        entry.last_used = now;
        entry.place.get().cloned()
    }

    /// The place for this plugin. May push out the one that was not used for the
    /// longest time; whoever holds that keeps it.
    pub(super) fn place(&self, digest: Digest) -> Place {
        let mut entries = self.lock();
        let now = entries.tick();
        if !entries.by_digest.contains_key(&digest) && entries.by_digest.len() >= self.capacity {
            entries.push_out();
        }
        let entry = entries.by_digest.entry(digest).or_insert_with(|| Entry {
            place: Place::default(),
            last_used: now,
            bytes: 0,
        });
        entry.last_used = now;
        Arc::clone(&entry.place)
    }

    /// Says that a place was filled with this much code, which may push out
    /// others. The one that was used last stays, however large it is.
    pub(super) fn filled(&self, digest: &Digest, bytes: u64) {
        let mut entries = self.lock();
        let Some(entry) = entries.by_digest.get_mut(digest) else {
            return;
        };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        entries.bytes = entries.bytes - before + bytes;
        while entries.bytes > self.max_bytes && entries.by_digest.len() > 1 {
            entries.push_out();
        }
    }

    /// How many plugins are ready, and how much code they have.
    pub(super) fn size(&self) -> (u64, u64) {
        let entries = self.lock();
        let ready = entries.by_digest.values();
        let ready = ready.filter(|entry| entry.place.initialized()).count();
        (ready as u64, entries.bytes)
    }

    /// Whether another plugin can come without pushing one out, as far as its
    /// size is not known yet.
    pub(super) fn has_room(&self) -> bool {
        let entries = self.lock();
        entries.by_digest.len() < self.capacity && entries.bytes < self.max_bytes
    }

    /// The plugins that have a place.
    pub(super) fn digests(&self) -> Vec<Digest> {
        self.lock().by_digest.keys().copied().collect()
    }
}

impl Entries {
    fn tick(&mut self) -> u64 {
        self.uses += 1;
        self.uses
    }

    fn push_out(&mut self) {
        let oldest = self
            .by_digest
            .iter()
            .min_by_key(|(_, entry)| entry.last_used)
            .map(|(digest, _)| *digest);
        if let Some(entry) = oldest.and_then(|digest| self.by_digest.remove(&digest)) {
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_pushed_out() {
        let cache = Cache::new(2, u64::MAX);
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| Digest::of(bytes));
        let of_a = cache.place(a);
        let of_b = cache.place(b);
        assert!(Arc::ptr_eq(&of_a, &cache.place(a)));
        cache.place(c);
        assert!(Arc::ptr_eq(&of_a, &cache.place(a)));
        assert!(!Arc::ptr_eq(&of_b, &cache.place(b)));
    }

    #[test]
    fn code_that_is_too_much_pushes_others_out() {
        let cache = Cache::new(10, 100);
        let [a, b, c, d] = [b"a", b"b", b"c", b"d"].map(|bytes| Digest::of(bytes));
        for (digest, bytes) in [(a, 40), (b, 40), (a, 40), (c, 20)] {
            cache.place(digest);
            cache.filled(&digest, bytes);
        }
        assert_eq!(cache.lock().bytes, 100, "a was not counted twice");
        cache.place(d);
        cache.filled(&d, 30);
        let mut left = cache.digests();
        left.sort_unstable();
        let mut expected = [a, c, d];
        expected.sort_unstable();
        assert_eq!(left, expected, "b was used first");
        assert_eq!(cache.lock().bytes, 90);
        // One that is larger than everything together runs all the same.
        cache.filled(&d, 1_000);
        assert_eq!(cache.digests(), [d]);
        assert_eq!(cache.lock().bytes, 1_000);
        // Whoever was pushed out before it was filled changes nothing.
        cache.filled(&a, 5);
        assert_eq!(cache.lock().bytes, 1_000);
    }
}
