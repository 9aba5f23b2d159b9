//! Who may ask: tokens, and signing in with one. REQ-API-5

use crate::engine::Engine;
use crate::error::EngineError;
use chrono::TimeDelta;
use rand::TryRng as _;
use rand::rngs::SysRng;
use stagehook_core::digest::Digest;
use stagehook_core::secret::SecretValue;
use stagehook_core::session::SessionKey;
use stagehook_core::token::{Actor, ApiToken, Role};
use stagehook_store::{NewToken, OpenSession};
use std::fmt::Write as _;
use std::sync::Arc;

/// How exactly it is known when a token was used last: not every request is
/// worth a write.
const USED_WITHIN: TimeDelta = TimeDelta::minutes(1);

impl Engine {
    /// Makes a token that works as long as this, or until it is revoked. It is
    /// answered this one time, and kept nowhere.
    pub async fn create_token(
        &self,
        actor: &Actor,
        name: String,
        role: Role,
        lasts: Option<TimeDelta>,
    ) -> Result<(SecretValue, ApiToken), EngineError> {
        let token = new_token()?;
        let new = NewToken {
            name,
            role,
            hash: Digest::of(token.reveal().as_bytes()),
            expires_at: lasts.map(|lasts| self.settings.clock.now() + lasts),
        };
        let created = self.store.create_token(actor.name(), new).await?;
        Ok((token, created))
    }

    /// Begins a session for whoever has the token with this digest; `None` where
    /// nobody has. It takes the place of the one that the browser had `before`.
    pub async fn sign_in(
        &self,
        token: &Digest,
        before: Option<&SessionKey>,
    ) -> Result<Option<(SessionKey, OpenSession)>, EngineError> {
        // A guess costs no write.
        if self.store.find_token(token).await?.is_none() {
            return Ok(None);
        }
        let key = SessionKey::from_random(random()?);
        let before = before.map(SessionKey::digest);
        let session = self
            .store
            .create_session(token, &key.digest(), before.as_ref())
            .await?;
        Ok(session.map(|session| (key, session)))
    }

    /// Notes that a token was just used, unless it was so within the minute.
    /// Nobody waits for that.
    pub fn token_used(self: &Arc<Self>, token: &ApiToken) {
        let now = self.settings.clock.now();
        if token.last_used_at.is_some_and(|at| now < at + USED_WITHIN) {
            return;
        }
        let (engine, id) = (Arc::clone(self), token.id);
        self.tasks.spawn(async move {
            if let Err(error) = engine.store.token_used(id).await {
                tracing::warn!(%error, "it could not be noted that a token is used");
            }
        });
    }
}

/// A token that nobody can guess.
pub fn new_token() -> Result<SecretValue, EngineError> {
    let mut token = String::from("sthk_");
    for byte in random()? {
        // Writing to a String cannot fail.
        let _ = write!(token, "{byte:02x}");
    }
    SecretValue::try_from(token).map_err(|_| EngineError::Broken)
}

/// Bytes that nobody can guess.
fn random() -> Result<[u8; 32], EngineError> {
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random bytes");
        EngineError::Broken
    })?;
    Ok(bytes)
}
