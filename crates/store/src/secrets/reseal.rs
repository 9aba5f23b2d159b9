//! Values that are encrypted anew, and stay what they are.

use super::row::StoredSecret;
use super::{lock, record, row};
use crate::database::args;
use crate::error::Result;
use crate::store::Store;
use stagehook_core::secret::Sealed;

/// A secret that was read, and how its values are to be encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// The secret as it was read.
    pub from: StoredSecret,
    /// Its value.
    pub sealed: Sealed,
    /// The value before it, if there is one; what could not be opened stays as it
    /// is.
    pub previous: Option<Sealed>,
}

impl Store {
    /// Replaces how a secret is encrypted, if it still is as it was read;
    /// otherwise it was set in between, and nothing is done. Whether it was.
    pub async fn reseal_secret(&self, actor: &str, new: Resealed) -> Result<bool> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                let name = &new.from.secret.name;
                let before = row::find(connection, name).await?;
                if before.as_ref() != Some(&new.from) {
                    return Ok(false);
                }
                let key_id = new.sealed.key_id.to_string();
                connection
                    .execute(
                        "UPDATE secrets SET key_id = $2, nonce = $3, ciphertext = $4
                         WHERE name = $1",
                        args![
                            name.as_str(),
                            key_id,
                            &new.sealed.nonce[..],
                            &new.sealed.ciphertext[..]
                        ],
                    )
                    .await?;
                if let Some(previous) = &new.previous
                    && new.from.previous.is_some()
                {
                    let key_id = previous.key_id.to_string();
                    connection
                        .execute(
                            "UPDATE secrets
                             SET previous_key_id = $2, previous_nonce = $3,
                                 previous_ciphertext = $4
                             WHERE name = $1",
                            args![
                                name.as_str(),
                                key_id,
                                &previous.nonce[..],
                                &previous.ciphertext[..]
                            ],
                        )
                        .await?;
                }
                let after = row::read(connection, name).await?;
                let (before, after) = (Some(&new.from.secret), Some(&after.secret));
                record(connection, &actor, "secret.rekey", before, after, at).await?;
                Ok(true)
            })
        })
        .await
    }
}
