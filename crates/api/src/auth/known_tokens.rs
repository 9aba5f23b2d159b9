//! The tokens and sessions that were seen lately.

use super::Actor;
use super::credential::Fingerprint;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Most that are remembered.
const REMEMBERED: usize = 1024;

/// Whose the tokens and sessions are that were seen lately.
#[derive(Debug, Default)]
pub(crate) struct KnownTokens {
    known: Mutex<HashMap<Fingerprint, (Actor, Instant)>>,
    /// How many times all was forgotten.
    forgotten: watch::Sender<u64>,
}

/// A look into the store that has begun; what it finds is remembered only if
/// nothing was revoked meanwhile.
#[derive(Debug)]
pub(super) struct LookUp {
    began: Instant,
    forgotten: u64,
}

impl KnownTokens {
    /// Whose this is, if that was found out within this time.
    pub(super) fn get(&self, of: Fingerprint, believed: Duration) -> Result<Actor, LookUp> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&of)
            .filter(|(_, since)| since.elapsed() < believed)
            .map(|(actor, _)| actor.clone())
            .ok_or_else(|| LookUp {
                began: Instant::now(),
                forgotten: *self.forgotten.borrow(),
            })
    }

    pub(super) fn put(&self, look_up: &LookUp, of: Fingerprint, actor: Actor) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if look_up.forgotten != *self.forgotten.borrow() {
            return;
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(of, (actor, look_up.began));
    }

    /// Believes nothing any more: something was revoked.
    pub(crate) fn forget(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clear();
        self.forgotten.send_modify(|times| *times += 1);
    }

    /// Tells whenever that happens.
    pub(super) fn forgotten(&self) -> watch::Receiver<u64> {
        self.forgotten.subscribe()
    }
}
