//! Setting a secret.

use super::{lock, record, row};
use crate::database::{Connection, args};
use crate::error::Result;
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::config::SecretName;
use stagehook_core::secret::Sealed;

/// What a secret is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecret {
    /// What configs call it.
    pub name: SecretName,
    /// Its value.
    pub sealed: Sealed,
    /// Until when the value that it had is kept beside; none where that is to be
    /// gone at once.
    pub previous_until: Option<DateTime<Utc>>,
}

impl Store {
    /// Sets a secret; whether it is new.
    pub async fn put_secret(&self, actor: &str, new: NewSecret) -> Result<bool> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                let before = row::find(connection, &new.name).await?;
                match before {
                    Some(_) => replace(connection, &actor, &new, at).await?,
                    None => insert(connection, &actor, &new, at).await?,
                }
                let after = row::read(connection, &new.name).await?;
                let was = before.as_ref().map(|before| &before.secret);
                record(
                    connection,
                    &actor,
                    "secret.put",
                    was,
                    Some(&after.secret),
                    at,
                )
                .await?;
                Ok(was.is_none())
            })
        })
        .await
    }

    /// Has the value that a secret had before be gone now; nothing, where there
    /// is none.
    pub async fn drop_previous_secret(&self, actor: &str, name: &SecretName) -> Result<()> {
        let (actor, name, at) = (actor.to_owned(), name.clone(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                let Some(before) = row::find(connection, &name).await? else {
                    return Ok(());
                };
                if before.previous.is_none() {
                    return Ok(());
                }
                connection
                    .execute(
                        "UPDATE secrets
                         SET previous_key_id = NULL, previous_nonce = NULL,
                             previous_ciphertext = NULL, previous_until = NULL
                         WHERE name = $1",
                        args![name.as_str()],
                    )
                    .await?;
                let after = row::read(connection, &name).await?;
                record(
                    connection,
                    &actor,
                    "secret.put",
                    Some(&before.secret),
                    Some(&after.secret),
                    at,
                )
                .await
            })
        })
        .await
    }

    /// Forgets the values that were replaced and have had their time.
    pub async fn drop_expired_secrets(&self) -> Result<()> {
        let at = self.now();
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                connection
                    .execute(
                        "UPDATE secrets
                         SET previous_key_id = NULL, previous_nonce = NULL,
                             previous_ciphertext = NULL, previous_until = NULL
                         WHERE previous_until <= $1",
                        args![at],
                    )
                    .await
                    .map(drop)
            })
        })
        .await
    }
}

async fn insert(
    connection: &mut Connection,
    actor: &str,
    new: &NewSecret,
    at: DateTime<Utc>,
) -> Result<()> {
    let key_id = new.sealed.key_id.to_string();
    connection
        .execute(
            "INSERT INTO secrets (name, key_id, nonce, ciphertext, created_at, updated_at,
                                  updated_by)
             VALUES ($1, $2, $3, $4, $5, $5, $6)",
            args![
                new.name.as_str(),
                key_id,
                &new.sealed.nonce[..],
                &new.sealed.ciphertext[..],
                at,
                actor
            ],
        )
        .await
        .map(drop)
}

async fn replace(
    connection: &mut Connection,
    actor: &str,
    new: &NewSecret,
    at: DateTime<Utc>,
) -> Result<()> {
    // On the right side of each `=` stands what the row held before.
    let keep_previous = if new.previous_until.is_some() {
        "UPDATE secrets
         SET previous_key_id = key_id, previous_nonce = nonce, previous_ciphertext = ciphertext,
             previous_until = $2
         WHERE name = $1"
    } else {
        "UPDATE secrets
         SET previous_key_id = NULL, previous_nonce = NULL, previous_ciphertext = NULL,
             previous_until = $2
         WHERE name = $1"
    };
    connection
        .execute(keep_previous, args![new.name.as_str(), new.previous_until])
        .await?;
    let key_id = new.sealed.key_id.to_string();
    connection
        .execute(
            "UPDATE secrets
             SET key_id = $2, nonce = $3, ciphertext = $4, updated_at = $5, updated_by = $6
             WHERE name = $1",
            args![
                new.name.as_str(),
                key_id,
                &new.sealed.nonce[..],
                &new.sealed.ciphertext[..],
                at,
                actor
            ],
        )
        .await
        .map(drop)
}
