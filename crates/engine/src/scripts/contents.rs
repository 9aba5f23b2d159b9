//! What scripts say, kept at hand.

use bytes::Bytes;
use stagehook_core::digest::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most bytes that are kept; past it, what is at hand is given up.
const MAX_BYTES: usize = 32 << 20;

/// What scripts said that ran lately, by digest: that never changes, so a run
/// only has to ask which digest a path has.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    contents: HashMap<Digest, Bytes>,
    bytes: usize,
}

impl Contents {
    pub(super) fn get(&self, digest: &Digest) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.contents.get(digest).cloned()
    }

    pub(super) fn put(&self, digest: Digest, content: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + content.len() > MAX_BYTES {
            *kept = Kept::default();
        }
        let bytes = content.len();
        if kept.contents.insert(digest, content).is_none() {
            kept.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Contents, MAX_BYTES};
    use stagehook_core::digest::Digest;

    #[test]
    fn no_more_is_kept_than_the_bound() {
        let contents = Contents::default();
        let digest = |number: usize| Digest::of(&number.to_le_bytes());
        let content = vec![0; MAX_BYTES / 4];
        for number in 0..100 {
            contents.put(digest(number), content.clone().into());
            contents.put(digest(number), content.clone().into());
            assert!(contents.get(&digest(number)).is_some());
            let kept = contents.kept.lock().unwrap();
            let bytes: usize = kept.contents.values().map(bytes::Bytes::len).sum();
            assert_eq!(bytes, kept.bytes);
            assert!(bytes <= MAX_BYTES);
        }
    }
}
