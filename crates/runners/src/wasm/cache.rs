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
}

#[derive(Debug, Default)]
struct Entries {
    by_digest: HashMap<Digest, Entry>,
    uses: u64,
}

/// The plugins that were used last.
#[derive(Debug)]
pub(super) struct Cache {
    entries: Mutex<Entries>,
    capacity: usize,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: Mutex::default(),
            capacity: capacity.max(1),
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
        });
        entry.last_used = now;
        Arc::clone(&entry.place)
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
        if let Some(digest) = oldest {
            self.by_digest.remove(&digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_pushed_out() {
        let cache = Cache::new(2);
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| Digest::of(bytes));
        let of_a = cache.place(a);
        let of_b = cache.place(b);
        assert!(Arc::ptr_eq(&of_a, &cache.place(a)));
        cache.place(c);
        assert!(Arc::ptr_eq(&of_a, &cache.place(a)));
        assert!(!Arc::ptr_eq(&of_b, &cache.place(b)));
    }
}
