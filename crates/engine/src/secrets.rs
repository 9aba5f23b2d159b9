//! Stored secrets: set, listed, deleted, and encrypted anew; and at hand for the
//! hooks that name them.
//!
//! A change takes effect on this server before it is answered. Other servers look
//! at the generation of secrets twice a second.

use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use chrono::TimeDelta;
use serde::Serialize;
use stagehook_core::config::SecretName;
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::secret::{KeyId, Secret, SecretUse, SecretValue, Unreadable};
use stagehook_core::token::{Actor, SERVER};
use stagehook_runners::{Current, NoSecret};
use stagehook_store::{NewSecret, Resealed, StoredSecret};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::MissedTickBehavior;
use utoipa::ToSchema;

/// How often is looked whether another server changed a secret.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Which generation of the stored secrets is at hand. Held while they are loaded,
/// so that older ones never replace newer ones.
#[derive(Debug, Default)]
pub(crate) struct Loaded(Mutex<Option<i64>>);

/// A stored secret, as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShownSecret {
    /// What it is.
    #[serde(flatten)]
    pub secret: Secret,
    /// The hooks that name it, disabled ones included.
    pub used_by: Vec<SecretUse>,
    /// Why this server cannot read it; `null` where it can.
    pub problem: Option<String>,
}

/// What came of encrypting secrets anew.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Rekeyed {
    /// The key that encrypts from now on; `null` where there was nothing to
    /// encrypt, and there is no key yet.
    pub key_id: Option<KeyId>,
    /// The secrets that were encrypted anew.
    pub rekeyed: Vec<SecretName>,
    /// Those that could not be read, and stay as they are.
    pub unreadable: Vec<SecretName>,
}

impl Engine {
    /// Sets a secret; whether it is new. The value that it had signs webhooks for
    /// as long as `overlap`. Setting the value that it has already changes
    /// nothing, so that a request can be repeated; without an overlap it ends the
    /// one that there may be.
    pub async fn put_secret(
        &self,
        actor: &Actor,
        name: SecretName,
        value: SecretValue,
        overlap: Duration,
    ) -> Result<bool, EngineError> {
        require_admin(actor)?;
        self.make_sure_of_key().await?;
        let keys = &self.settings.secret_keys;
        let before = self.store.find_secret(&name).await?;
        let before = before.and_then(|row| keys.open(&name, &row.sealed).ok());
        let is_new = if before.as_ref() == Some(&value) {
            if overlap.is_zero() {
                self.store.drop_previous_secret(actor.name(), &name).await?;
            }
            false
        } else {
            let overlap = TimeDelta::from_std(overlap).unwrap_or_default();
            let until = self.settings.clock.now() + overlap;
            // What cannot be read cannot sign, either.
            let keeps = before.is_some() && !overlap.is_zero();
            let new = NewSecret {
                sealed: keys.seal(&name, &value)?,
                name,
                previous_until: keeps.then_some(until),
            };
            self.store.put_secret(actor.name(), new).await?
        };
        self.load_after_change().await;
        Ok(is_new)
    }

    /// Deletes a secret. Where hooks name it, only with `force`.
    pub async fn delete_secret(
        &self,
        actor: &Actor,
        name: &SecretName,
        force: bool,
    ) -> Result<(), EngineError> {
        require_admin(actor)?;
        self.store.delete_secret(actor.name(), name, force).await?;
        self.load_after_change().await;
        Ok(())
    }

    /// The stored secrets, without their values.
    pub async fn list_secrets(&self, page: PageRequest) -> Result<Page<ShownSecret>, EngineError> {
        let secrets = self.store.list_secrets(page).await?;
        let used_by = self.store.hooks_by_secret().await?;
        let known = self.secrets.now();
        Ok(secrets.map(|StoredSecret { secret, .. }| ShownSecret {
            used_by: used_by.get(&secret.name).cloned().unwrap_or_default(),
            problem: match known.get(&secret.name) {
                Err(NoSecret::Unreadable { why, .. }) => Some(why.to_string()),
                _ => None,
            },
            secret,
        }))
    }

    /// Encrypts every secret with the current key that another one encrypted.
    pub async fn rekey_secrets(&self, actor: &Actor) -> Result<Rekeyed, EngineError> {
        require_admin(actor)?;
        let rekeyed = self.reseal(actor.name()).await?;
        self.load_after_change().await;
        Ok(rekeyed)
    }

    /// Has the stored secrets at hand, and those whose key is an old one encrypted
    /// with the current one. For the start.
    pub(crate) async fn open_secrets(&self) -> Result<(), EngineError> {
        self.load_secrets().await?;
        match self.reseal(SERVER).await {
            Ok(rekeyed) if rekeyed.rekeyed.is_empty() => {}
            Ok(rekeyed) => {
                let (secrets, key) = (rekeyed.rekeyed.len(), rekeyed.key_id);
                tracing::info!(secrets, ?key, "encrypted secrets with the current key");
            }
            // They can still be read with the old one.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "secrets of an old key stay encrypted with it");
            }
        }
        self.load_secrets().await
    }

    /// Has the stored secrets at hand as they are now.
    pub(crate) async fn load_secrets(&self) -> Result<(), EngineError> {
        let mut loaded = self.loaded_secrets.0.lock().await;
        // Read before the secrets: they are at least as new.
        let generation = self.store.secret_generation().await?;
        if *loaded == Some(generation) {
            return Ok(());
        }
        let stored = self.store.all_secrets().await?;
        let opened = stored.into_iter().map(|row| {
            let opened = self.open(&row);
            let name = row.secret.name;
            if let Err(why) = &opened {
                tracing::error!(secret = %name, %why, "a stored secret cannot be read");
            }
            (name, opened)
        });
        self.secrets.replace_stored(opened.collect());
        *loaded = Some(generation);
        Ok(())
    }

    /// Notices what other servers change, and forgets what has had its time,
    /// until the server stops.
    pub(crate) async fn keep_secrets_fresh(self: Arc<Self>) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_failing = false;
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = tick.tick() => {}
            }
            let result = self.refresh_secrets().await;
            // Told once, not twice a second.
            if let Err(error) = &result
                && !is_failing
            {
                tracing::warn!(%error, "changes of secrets cannot be seen at the moment");
            }
            is_failing = result.is_err();
        }
    }

    async fn refresh_secrets(&self) -> Result<(), EngineError> {
        if self.secrets.now().has_expired(self.settings.clock.now()) {
            self.store.drop_expired_secrets().await?;
        }
        self.load_secrets().await
    }

    /// What was changed is committed, whether or not it can be seen yet.
    async fn load_after_change(&self) {
        if let Err(error) = self.load_secrets().await {
            tracing::warn!(%error, "a change of secrets takes effect when it can be read");
        }
    }

    fn open(&self, row: &StoredSecret) -> Result<Current, Unreadable> {
        let (keys, name) = (&self.settings.secret_keys, &row.secret.name);
        let previous = row.previous.as_ref().zip(row.secret.previous_until);
        Ok(Current {
            value: keys.open(name, &row.sealed)?,
            previous: previous.and_then(|(sealed, until)| {
                let value = keys.open(name, sealed).ok()?;
                Some((value, until))
            }),
        })
    }

    async fn reseal(&self, actor: &str) -> Result<Rekeyed, EngineError> {
        let keys = &self.settings.secret_keys;
        let (mut rekeyed, mut unreadable) = (Vec::new(), Vec::new());
        for row in self.store.all_secrets().await? {
            let name = row.secret.name.clone();
            let Ok(opened) = self.open(&row) else {
                unreadable.push(name);
                continue;
            };
            let current = keys.current();
            let of_others = [Some(&row.sealed), row.previous.as_ref()];
            if of_others
                .into_iter()
                .flatten()
                .all(|sealed| Some(sealed.key_id) == current)
            {
                continue;
            }
            self.make_sure_of_key().await?;
            let previous = opened.previous.as_ref();
            let resealed = Resealed {
                sealed: keys.seal(&name, &opened.value)?,
                previous: previous
                    .map(|(value, _)| keys.seal(&name, value))
                    .transpose()?,
                from: row,
            };
            if self.store.reseal_secret(actor, resealed).await? {
                rekeyed.push(name);
            }
        }
        Ok(Rekeyed {
            key_id: keys.current(),
            rekeyed,
            unreadable,
        })
    }

    /// Makes sure that there is a key to encrypt with. One is made only where
    /// nothing is encrypted that nobody here can read: that is either the database
    /// of other servers, which could not read what this one encrypts, or a key was
    /// lost that should rather be found.
    async fn make_sure_of_key(&self) -> Result<(), EngineError> {
        let keys = &self.settings.secret_keys;
        if keys.current().is_some() {
            return Ok(());
        }
        let stored = self.store.all_secrets().await?;
        let mut unknown: Vec<KeyId> = stored.iter().map(|row| row.sealed.key_id).collect();
        unknown.retain(|id| !keys.knows(*id));
        unknown.sort_unstable();
        unknown.dedup();
        let keys = Arc::clone(keys);
        // One may have been put there; that is found here.
        if unknown.is_empty() {
            blocking(move || keys.current_or_new()).await??;
            return Ok(());
        }
        Err(EngineError::SecretKeyMissing(unknown))
    }
}

/// Who sets a secret decides what every hook that names it can do.
fn require_admin(actor: &Actor) -> Result<(), EngineError> {
    if actor.is_admin() {
        Ok(())
    } else {
        Err(EngineError::SecretsNeedAdministrator)
    }
}
