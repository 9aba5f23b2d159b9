//! The claims that this server still has a use for. Any other of its own is
//! recovered: one whose answer was lost, or whose attempt broke.

use stagehook_core::ids::ClaimId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The claims in use. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<HashSet<ClaimId>>>);

/// A claim in use, until this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: ClaimId,
    claims: Claims,
}

impl Claims {
    /// A new claim, in use before anything is claimed under it.
    pub(super) fn begin(&self) -> Arc<Claim> {
        let id = ClaimId::generate();
        self.lock().insert(id);
        Arc::new(Claim {
            id,
            claims: self.clone(),
        })
    }

    /// Those in use.
    pub(crate) fn live(&self) -> HashSet<ClaimId> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<ClaimId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.lock().remove(&self.id);
    }
}
