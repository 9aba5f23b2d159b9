//! The token that the operator chose, or that the first start made.

use super::{TokenRow, columns, record};
use crate::database::args;
use crate::error::{Result, StoreError};
use crate::store::Store;
use stagehook_core::digest::Digest;
use stagehook_core::token::{ApiToken, Role, SERVER};

impl Store {
    /// Makes sure that the token of this name has this role and this hash
    /// (SHA-256 of the token itself) and does not expire, making it if there is
    /// none. The sessions of a hash that it had before end.
    ///
    /// # Errors
    /// [`StoreError::TokenTaken`] when a token of another name has this hash.
    pub async fn ensure_token(&self, name: &str, role: Role, hash: &Digest) -> Result<ApiToken> {
        let (name, hash, at) = (name.to_owned(), *hash, self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let before: Option<(String, Vec<u8>)> = connection
                    .optional(
                        "SELECT role, hash FROM api_tokens WHERE name = $1",
                        args![&name],
                    )
                    .await?;
                let same: Option<(String,)> = connection
                    .optional(
                        "SELECT name FROM api_tokens WHERE hash = $1 AND name <> $2",
                        args![&hash, &name],
                    )
                    .await?;
                if let Some((name,)) = same {
                    return Err(StoreError::TokenTaken { name });
                }
                let row: TokenRow = connection
                    .one(
                        concat!(
                            "INSERT INTO api_tokens (name, role, hash, created_at, created_by)
                             VALUES ($1, $2, $3, $4, $5)
                             ON CONFLICT (name) DO UPDATE
                             SET role = excluded.role, hash = excluded.hash, expires_at = NULL
                             RETURNING ",
                            columns!()
                        ),
                        args![&name, role.as_str(), &hash, at, SERVER],
                    )
                    .await?;
                let token: ApiToken = row.try_into()?;
                let same_hash = before
                    .as_ref()
                    .is_some_and(|(_, kept)| kept == hash.as_bytes());
                if !same_hash {
                    connection
                        .execute(
                            "DELETE FROM sessions WHERE token_id = $1",
                            args![token.id.get()],
                        )
                        .await?;
                }
                let same_role = before.is_some_and(|(old, _)| old == role.as_str());
                if !(same_hash && same_role) {
                    record(connection, SERVER, "token.ensure", None, Some(&token), at).await?;
                }
                Ok(token)
            })
        })
        .await
    }
}
