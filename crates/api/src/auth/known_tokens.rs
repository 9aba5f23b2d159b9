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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Credential;
    use stagehook_core::token::Role;

    const LONG: Duration = Duration::from_hours(1);

    /// Who listens is asked again when this changes, and not at the next turn alone:
    /// `refused` waits for both. No clock is looked at here.
    #[test]
    fn whoever_waits_is_told_at_once_that_something_was_revoked() {
        let known = KnownTokens::default();
        let mut listeners = [known.forgotten(), known.forgotten()];
        for _ in 0..2 {
            assert!(listeners.iter().all(|told| !told.has_changed().unwrap()));
            known.forget();
            for told in &mut listeners {
                assert!(told.has_changed().unwrap());
                told.mark_unchanged();
            }
        }
    }

    /// And then finds nothing that was known before, nor what somebody looked up
    /// meanwhile.
    #[test]
    fn what_was_revoked_is_believed_no_more() {
        let known = KnownTokens::default();
        let of = || Credential::of_token("a token").fingerprint();
        let actor = Actor::new("ed", Role::Editor);
        let look_up = known.get(of(), LONG).unwrap_err();
        known.put(&look_up, of(), actor.clone());
        assert_eq!(known.get(of(), LONG).ok().as_ref(), Some(&actor));
        known.forget();
        let before = known.get(of(), LONG).unwrap_err();
        known.forget();
        known.put(&before, of(), actor);
        assert!(known.get(of(), LONG).is_err());
    }
}
